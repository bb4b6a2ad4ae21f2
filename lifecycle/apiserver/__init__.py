"""The API server: the objects, who may change them how, and who is told.

Kubernetes: staging/src/k8s.io/apiserver/pkg/registry, pkg/registry/core
"""

"""Controllers: rooms that watch objects and change others because of them. Kubernetes: pkg/controller"""

"""The scheduler: which node a Pod goes to, and what it says where there is none. Kubernetes: pkg/scheduler"""

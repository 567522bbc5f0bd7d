"""An orchestrator on `gitlanes.AgentSession`: a planner, coders, a reviewer, an integrator.

``python -m swarm REPOSITORY SCRIPT.json GOAL`` runs it with models that answer from a script.
"""

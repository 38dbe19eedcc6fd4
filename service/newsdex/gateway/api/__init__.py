"""The calls under `/api`; `schemas/openapi.py` describes them."""

"""An everyday async service: FastAPI, SQLAlchemy's async ORM, asyncpg, uvicorn."""

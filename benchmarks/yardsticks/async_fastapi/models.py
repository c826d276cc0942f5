"""The tables of `schema.sql` for SQLAlchemy."""

from datetime import datetime, timezone
from decimal import Decimal

from sqlalchemy import BigInteger, DateTime, ForeignKey, Numeric, func
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    type_annotation_map = {datetime: DateTime(timezone=True), Decimal: Numeric(8, 2)}


def big_id() -> Mapped[int]:
    return mapped_column(BigInteger, primary_key=True)


def big_reference(table: str) -> Mapped[int]:
    return mapped_column(BigInteger, ForeignKey(f"{table}.id"))


class Account(Base):
    __tablename__ = "account"
    id: Mapped[int] = big_id()
    username: Mapped[str]
    email: Mapped[str]
    password: Mapped[str]
    is_active: Mapped[bool]


class Movie(Base):
    __tablename__ = "movie"
    id: Mapped[int] = big_id()
    title: Mapped[str]
    duration_minutes: Mapped[int]


class Cinema(Base):
    __tablename__ = "cinema"
    id: Mapped[int] = big_id()
    name: Mapped[str]
    time_zone: Mapped[str]


class Screen(Base):
    __tablename__ = "screen"
    id: Mapped[int] = big_id()
    cinema_id: Mapped[int] = big_reference("cinema")
    name: Mapped[str]
    total_seats: Mapped[int]


class Show(Base):
    __tablename__ = "show"
    id: Mapped[int] = big_id()
    movie_id: Mapped[int] = big_reference("movie")
    screen_id: Mapped[int] = big_reference("screen")
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    pre_show_minutes: Mapped[int]
    total_seats: Mapped[int]
    price: Mapped[Decimal]
    status: Mapped[str]

    def has_started(self) -> bool:
        return self.starts_at <= datetime.now(timezone.utc)


class Booking(Base):
    __tablename__ = "booking"
    __mapper_args__ = {"eager_defaults": True}  # created_at comes back with the INSERT
    id: Mapped[int] = big_id()
    reference: Mapped[str]
    show_id: Mapped[int] = big_reference("show")
    user_id: Mapped[int] = big_reference("account")
    seat_number: Mapped[int]
    price: Mapped[Decimal]
    status: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

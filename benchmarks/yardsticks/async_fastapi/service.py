"""An everyday async service: FastAPI, SQLAlchemy's async ORM, asyncpg, a pool of connections.

`ONE_STATEMENT=1` books by a single statement that locks, checks and inserts, instead of the usual three.
"""

import os
from typing import Annotated, Any
from urllib.parse import parse_qs, urlsplit

import jwt
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from fastapi import Depends, FastAPI, Header, HTTPException, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from benchmarks.yardsticks.async_fastapi.models import Account, Booking, Cinema, Movie, Screen, Show
from benchmarks.yardsticks.shapes import (
    PAGE,
    booking_json,
    label,
    map_json,
    moment,
    new_reference,
    page_json,
    show_json,
)

SECRET_KEY = os.environ["SECRET_KEY"]
ONE_STATEMENT = bool(os.environ.get("ONE_STATEMENT"))
LOCK_CHECK_INSERT = text("""
    WITH locked AS MATERIALIZED (
        SELECT id, price FROM show
        WHERE id = :show AND status = 'ON_SALE' AND starts_at > now() AND :seat <= total_seats FOR UPDATE
    ), booking AS (
        INSERT INTO booking (reference, show_id, user_id, seat_number, price, status)
        SELECT :reference, id, :user, :seat, price, 'BOOKED' FROM locked
        ON CONFLICT DO NOTHING
        RETURNING id, reference, show_id, seat_number, price, status, created_at
    )
    SELECT booking.id, booking.reference, booking.seat_number, booking.price, booking.status,
        booking.created_at, show.id AS show_id, show.starts_at, movie.title, screen.name AS screen,
        cinema.id AS cinema_id, cinema.name AS cinema, cinema.time_zone
    FROM booking JOIN show ON show.id = booking.show_id JOIN movie ON movie.id = show.movie_id
        JOIN screen ON screen.id = show.screen_id JOIN cinema ON cinema.id = screen.cinema_id
""")


class SeatTaken(Exception):
    pass


def asyncpg_url(uri: str) -> str:
    parts = urlsplit(uri)
    host = parse_qs(parts.query).get("host", [parts.hostname or ""])[0]
    return f"postgresql+asyncpg://postgres@/{parts.path.lstrip('/')}?host={host}"


engine = create_async_engine(
    asyncpg_url(os.environ["BENCH_DATABASE"]),
    pool_size=10,  # a worker; no overflow, which would open and close a connection with each request
    max_overflow=0,
    # A single statement needs no BEGIN and COMMIT around it.
    **({"isolation_level": "AUTOCOMMIT"} if ONE_STATEMENT else {}),
)
new_session = async_sessionmaker(engine, expire_on_commit=False)
app = FastAPI()


@app.exception_handler(SeatTaken)
async def seat_taken(request: Request, error: SeatTaken) -> JSONResponse:
    return JSONResponse({"code": "seat_taken", "detail": "Seat already booked."}, status_code=409)


async def session_of_request() -> Any:
    async with new_session() as session:
        yield session


Session = Annotated[AsyncSession, Depends(session_of_request)]


async def user_of_request(session: Session, authorization: Annotated[str, Header()] = "") -> Account:
    try:
        claims = jwt.decode(authorization.removeprefix("Bearer "), SECRET_KEY, algorithms=["HS256"])
    except jwt.InvalidTokenError as error:
        raise HTTPException(401) from error
    user = await session.get(Account, int(claims["user_id"])) if claims["token_type"] == "access" else None
    if user is None or not user.is_active:
        raise HTTPException(401)
    return user


User = Annotated[Account, Depends(user_of_request)]


class BookInput(BaseModel):
    seat_number: int = Field(ge=1)


class BookingOutput(BaseModel):
    id: int
    order: str
    show: int
    movie_title: str
    screen_name: str
    cinema: int
    cinema_name: str
    time_zone: str
    starts_at: str
    seat_number: int
    seat_label: str
    price: str
    status: str
    created_at: str
    cancelled_at: str | None
    refund_percent: int | None
    refund_amount: str | None


@app.post("/api/shows/{show_id}/book/", status_code=201)
async def book(show_id: int, data: BookInput, user: User, session: Session) -> BookingOutput:
    if ONE_STATEMENT:
        return await book_by_one_statement(show_id, data, user, session)
    locked = with_details().where(Show.id == show_id).with_for_update(of=Show)
    found = (await session.execute(locked)).one_or_none()
    if found is None:
        raise HTTPException(404)
    show, movie, screen, cinema = found
    if show.status != "ON_SALE" or show.has_started() or data.seat_number > show.total_seats:
        raise HTTPException(400)
    taken = select(Booking.id).where(
        Booking.show_id == show_id, Booking.seat_number == data.seat_number, Booking.status == "BOOKED"
    )
    if await session.scalar(taken) is not None:
        raise SeatTaken
    booking = Booking(
        reference=new_reference(),
        show_id=show_id,
        user_id=user.id,
        seat_number=data.seat_number,
        price=show.price,
        status="BOOKED",
    )
    session.add(booking)
    try:
        await session.flush()
    except IntegrityError as error:
        raise SeatTaken from error
    answer = booking_json(booking, show, movie, screen, cinema)
    await session.commit()
    return BookingOutput(**answer)


async def book_by_one_statement(show_id: int, data: BookInput, user: Account, session: AsyncSession) -> Any:
    values = {"show": show_id, "seat": data.seat_number, "user": user.id, "reference": new_reference()}
    found = (await session.execute(LOCK_CHECK_INSERT, values)).one_or_none()
    if found is None:
        raise SeatTaken
    return BookingOutput(
        id=found.id,
        order=found.reference,
        show=found.show_id,
        movie_title=found.title,
        screen_name=found.screen,
        cinema=found.cinema_id,
        cinema_name=found.cinema,
        time_zone=found.time_zone,
        starts_at=moment(found.starts_at),
        seat_number=found.seat_number,
        seat_label=label(found.seat_number),
        price=str(found.price),
        status=found.status,
        created_at=moment(found.created_at),
        cancelled_at=None,
        refund_percent=None,
        refund_amount=None,
    )


def with_details() -> Any:
    return (
        select(Show, Movie, Screen, Cinema)
        .join(Movie, Movie.id == Show.movie_id)
        .join(Screen, Screen.id == Show.screen_id)
        .join(Cinema, Cinema.id == Screen.cinema_id)
    )


class ShowOutput(BaseModel):
    id: int
    movie: int
    movie_title: str
    screen: int
    screen_name: str
    cinema: int
    cinema_name: str
    time_zone: str
    starts_at: str
    ends_at: str
    pre_show_minutes: int
    total_seats: int
    available_seats: int
    price: str
    prices: dict[str, str]
    currency: str
    status: str
    sales_open_at: str | None
    sales_close_at: str


class ShowPage(BaseModel):
    count: int
    next: str | None
    previous: str | None
    results: list[ShowOutput]


@app.get("/api/shows/")
async def shows(request: Request, session: Session, page: Annotated[int, Query(ge=1)] = 1) -> ShowPage:
    upcoming = (Show.status == "ON_SALE", Show.starts_at > func.now())
    taken = (
        select(func.count())
        .where(Booking.show_id == Show.id, Booking.status == "BOOKED")
        .correlate(Show)
        .scalar_subquery()
    )
    count = await session.scalar(select(func.count()).select_from(Show).where(*upcoming))
    chosen = with_details().add_columns(taken).where(*upcoming).order_by(Show.starts_at, Show.id)
    rows = await session.execute(chosen.limit(PAGE).offset(PAGE * (page - 1)))
    return ShowPage(**page_json(count, page, str(request.url), [show_json(*row) for row in rows]))


class Seat(BaseModel):
    seat_number: int
    label: str
    kind: str
    price: str
    x: int
    y: int
    partner: int | None
    status: str


class Row(BaseModel):
    row: str
    seats: list[Seat]


class SeatMap(BaseModel):
    show: int
    width: int
    height: int
    currency: str
    rows: list[Row]
    seats_version: int
    available_seats: int
    status: str


@app.get("/api/shows/{show_id}/seats/")
async def seats(show_id: int, session: Session) -> SeatMap:
    show = await session.get(Show, show_id)
    if show is None:
        raise HTTPException(404)
    taken = select(Booking.seat_number).where(Booking.show_id == show_id, Booking.status == "BOOKED")
    return SeatMap(**map_json(show, set(await session.scalars(taken))))


class Credentials(BaseModel):
    username: str
    password: str


hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)  # as the product has it


@app.post("/api/login/")
async def login(data: Credentials, session: Session) -> dict[str, str]:
    user = await session.scalar(select(Account).where(Account.username == data.username))
    if user is None:
        raise HTTPException(401)
    try:
        stored = user.password.removeprefix("argon2")
        await run_in_threadpool(hasher.verify, stored, data.password)
    except VerifyMismatchError as error:
        raise HTTPException(401) from error
    return {
        kind: jwt.encode({"token_type": kind, "user_id": str(user.id)}, SECRET_KEY, algorithm="HS256")
        for kind in ("access", "refresh")
    }

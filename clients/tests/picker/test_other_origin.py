"""A page of another origin, in a browser: it signs somebody up, books, and reads what it is refused."""

import pytest

from clients.tests.picker.conftest import PASSWORD, numbers

BUY = """async ([api, username, password, show]) => {
  const seen = [];
  const send = async (method, path, body, headers = {}) => {
    const response = await fetch(api + path, {
      method,
      headers: {"Content-Type": "application/json", ...headers},
      body: body && JSON.stringify(body),
    });
    const answer = response.status === 304 || response.status === 204 ? null : await response.json();
    seen.push([response.status, answer?.code ?? null]);
    return { answer, header: (name) => response.headers.get(name) };
  };
  await send("POST", "signup/", { username, password, email: `${username}@example.com` });
  const { answer: { access } } = await send("POST", "login/", { username, password });
  const Authorization = `Bearer ${access}`;
  const seat = [`shows/${show}/book/`, { seat_number: 5 }];
  const book = (headers) => send("POST", ...seat, { Authorization, ...headers });
  const booked = await book({ "Idempotency-Key": "1" });
  const again = await book({ "Idempotency-Key": "1" });
  await book();
  await send("POST", `bookings/${booked.answer.id}/cancel/`, {}, { Authorization });
  await send("GET", "me/");
  await send("GET", "nothing/");
  const map = await send("GET", `shows/${show}/seats/availability/`);
  const unchanged = await fetch(`${api}shows/${show}/seats/availability/`, {
    headers: { "If-None-Match": map.header("ETag") }, cache: "no-store",
  });
  const stream = new EventSource(`${api}shows/${show}/seats/stream/`);
  const live = await new Promise((resolve, reject) => {
    stream.addEventListener("seats", (event) => resolve(JSON.parse(event.data).show));
    stream.onerror = reject;
  });
  stream.close();
  return { seen, unchanged: unchanged.status, live, location: booked.header("Location"),
           replayed: again.header("Idempotent-Replayed") };
}"""


@pytest.fixture
def page(browser):
    page = browser.new_page()
    yield page
    page.close()


def test_a_page_of_an_allowed_origin_is_a_client_like_any_other(page, site, shop, show):
    page.goto(shop)

    found = page.evaluate(BUY, [f"{site}/api/", f"shopper{next(numbers)}", PASSWORD, show["id"]])

    assert found["seen"] == [
        *([201, None], [200, None], [201, None], [201, None], [409, "seat_taken"], [200, None]),
        *([401, "not_authenticated"], [404, "not_found"], [200, None]),
    ]
    assert (found["unchanged"], found["live"], found["replayed"]) == (304, show["id"], "true")
    assert found["location"].startswith("/api/bookings/")


def test_a_page_of_any_other_origin_reads_nothing(page, site, shop):
    page.goto(shop.replace("127.0.0.1", "localhost"))

    read = "address => fetch(address).then(() => 'read', error => error.name)"
    assert page.evaluate(read, f"{site}/api/movies/") == "TypeError"
    assert page.evaluate(read, f"{site}/static/admin/css/base.css") == "TypeError"

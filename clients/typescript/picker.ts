// The smallest client that picks seats properly. Its types are those of /openapi.json: where it asks for
// something that the document does not promise, `tsc` refuses it.
import createClient from "openapi-fetch";
import type { components, paths } from "movie-booking";

type Problem = components["schemas"]["Problem"];
type Order = components["schemas"]["Order"];
type ShowQuery = paths["/api/shows/"]["get"]["parameters"]["query"] & {};
type Login = components["schemas"]["LoginInput"];

export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(`${problem.code}: ${problem.detail}`);
  }
}

function granted<T>({ data, error }: { data?: T; error?: Problem }): T {
  if (error !== undefined) throw new Refused(error);
  if (data === undefined) throw new Error("There was nothing in the answer.");
  return data;
}

export async function customer(site: string, login: Login) {
  const api = createClient<paths>({ baseUrl: site });
  const { access } = granted(await api.POST("/api/login/", { body: login }));
  const headers = { Authorization: `Bearer ${access}` };

  async function shows(query: ShowQuery) {
    return granted(await api.GET("/api/shows/", { params: { query } })).results;
  }

  async function freeSeats(id: number): Promise<number[]> {
    const map = granted(await api.GET("/api/shows/{id}/seats/", { params: { path: { id } } }));
    const seats = map.rows.flatMap((row) => row.seats);
    const free = seats.filter(({ kind, status }) => kind === "standard" && status === "available");
    return free.map((seat) => seat.seat_number);
  }

  async function hold(show: number, seat_numbers: number[]): Promise<Order> {
    return granted(await api.POST("/api/orders/", { headers, body: { show, seat_numbers } }));
  }

  async function confirm({ reference }: Order): Promise<Order> {
    const params = { path: { reference } };
    return granted(await api.POST("/api/orders/{reference}/confirm/", { headers, params, body: {} }));
  }

  return { shows, freeSeats, hold, confirm };
}

/** Which of the seats others have, or null if that was not why the seats were refused. */
export function takenSeats({ problem }: Refused): number[] | null {
  switch (problem.code) {
    case "seat_taken":
      return problem.seats?.map((seat) => seat.seat_number) ?? [];
    default:
      return null;
  }
}

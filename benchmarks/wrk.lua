-- Sends the requests of a file (see http.py) one after the other, and counts the answers by status.
-- wrk -t1 -s wrk.lua http://… -- FILE

local requests, position, statuses, threads = {}, 0, {}, {}

function setup(thread) table.insert(threads, thread) end

function init(args)
  local file = assert(io.open(args[1], "rb"))
  for part in (file:read("*a") .. "\0"):gmatch("([^%z]*)%z") do
    table.insert(requests, (part:match("^[^\n]*\n(.*)$")))
  end
  file:close()
end

function request()
  position = position % #requests + 1
  return requests[position]
end

function response(status)
  statuses[status] = (statuses[status] or 0) + 1
  counts = statuses
end

function done(summary, latency)
  local found = {}
  for _, thread in ipairs(threads) do
    for status, count in pairs(thread:get("counts") or {}) do
      found[#found + 1] = string.format('"%d": %d', status, count)
    end
  end
  local errors = summary.errors
  io.write(string.format('\nRESULT {"seconds": %f, "statuses": {%s}, "broken": %d, "p50": %f, "p99": %f}\n',
    summary.duration / 1e6, table.concat(found, ", "), errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end

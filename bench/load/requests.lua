-- Lets wrk send the requests of a file in turn; with `once` it stops after the last instead of beginning anew.
local ffi = require("ffi")
ffi.cdef [[ int getpid(void); int kill(int, int); ]]
local interrupt = 2

local requests, position, once = {}, 0, false

function init(args)
  once = args[2] == "once"
  local file = assert(io.open(args[1], "rb"))
  local size = file:read("*n")
  while size do
    file:read(1)
    requests[#requests + 1] = file:read(size)
    size = file:read("*n")
  end
  file:close()
end

function request()
  position = position + 1
  if position > #requests then
    position = 1
    -- wrk ends early, with its summary, only for a signal.
    if once then ffi.C.kill(ffi.C.getpid(), interrupt) end
  end
  return requests[position]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"seconds":%.6f,"refused":%d,"broken":%d,"p50Ms":%.3f,"p99Ms":%.3f}\n',
    summary.requests, summary.duration / 1e6, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end

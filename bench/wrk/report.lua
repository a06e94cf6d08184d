-- What every script of ours says at its end; answers outside of 2xx and 3xx are wrong, and what a script itself found.
local threads = {}

function setup(thread)
  thread:set("wrong", 0)
  table.insert(threads, thread)
end

function done(summary)
  local errors = summary.errors
  local wrong = errors.status + errors.connect + errors.read + errors.write + errors.timeout
  for _, thread in ipairs(threads) do
    wrong = wrong + thread:get("wrong")
  end
  print(string.format("BENCH requests=%d microseconds=%d wrong=%d", summary.requests, summary.duration, wrong))
end

function read_lines(name)
  local lines = {}
  for line in io.lines(name) do
    table.insert(lines, line)
  end
  return lines
end

function post(body)
  local headers = {
    ["Authorization"] = os.getenv("BENCH_AUTHORIZATION"),
    ["Content-Type"] = "application/x-www-form-urlencoded",
  }
  return wrk.format("POST", os.getenv("BENCH_PATH"), headers, body)
end

-- A value in a form: what tokens hold beside letters and digits.
function encode(value)
  return (value:gsub("[^%w._~-]", function(each) return string.format("%%%02X", each:byte()) end))
end

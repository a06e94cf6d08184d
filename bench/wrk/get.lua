-- Gets one page, with each bearer token of a file in turn where there is one.
require("report")
local requests = {}
local number = 0

function init()
  local tokens = os.getenv("BENCH_TOKENS")
  if tokens == nil then
    requests[1] = wrk.format("GET", os.getenv("BENCH_PATH"))
  else
    for _, token in ipairs(read_lines(tokens)) do
      table.insert(requests, wrk.format("GET", os.getenv("BENCH_PATH"), { ["Authorization"] = "Bearer " .. token }))
    end
  end
end

function request()
  number = number % #requests + 1
  return requests[number]
end

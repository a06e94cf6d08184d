-- Sends one form again and again, or, where it lacks its token, each token of a file in turn.
require("report")
local requests = {}
local number = 0

function init()
  local body = os.getenv("BENCH_BODY")
  local tokens = os.getenv("BENCH_TOKENS")
  if tokens == nil then
    requests[1] = post(body)
  else
    for _, token in ipairs(read_lines(tokens)) do
      table.insert(requests, post(body .. encode(token)))
    end
  end
end

function request()
  number = number % #requests + 1
  return requests[number]
end

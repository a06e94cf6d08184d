-- Rotates refresh tokens: each answer's token waits at the end of the queue, which is longer than there are connections.
require("report")
local queue = {}
local first = 1
local last = 0
local body

function init()
  body = "grant_type=refresh_token&refresh_token="
  queue = read_lines(os.getenv("BENCH_TOKENS"))
  last = #queue
end

function request()
  local token = queue[first]
  queue[first] = nil
  first = first + 1
  return post(body .. encode(token))
end

function response(status, headers, text)
  local token = text:match('"refresh_token"%s*:%s*"([^"]+)"')
  if token == nil then
    wrong = wrong + 1
  else
    last = last + 1
    queue[last] = token
  end
end

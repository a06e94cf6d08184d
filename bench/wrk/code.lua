-- The code flow of a user who is logged in and has consented: an authorization request, and a code exchange for each code.
require("report")
local codes = {}
local first = 1
local last = 0
local authorize
local body

function init()
  authorize = wrk.format("GET", os.getenv("BENCH_AUTHORIZE"), { ["Cookie"] = os.getenv("BENCH_COOKIE") })
  body = os.getenv("BENCH_BODY")
end

function request()
  if first > last then
    return authorize
  end
  local code = codes[first]
  codes[first] = nil
  first = first + 1
  return post(body .. code)
end

function response(status, headers, text)
  if status == 302 or status == 303 then
    local place = headers["Location"] or headers["location"] or ""
    -- It is percent-encoded as a form needs it.
    local code = place:match("[?&]code=([^&]+)")
    if code == nil then
      wrong = wrong + 1
      return
    end
    last = last + 1
    codes[last] = code
  elseif not text:find('"access_token"', 1, true) then
    wrong = wrong + 1
  end
end

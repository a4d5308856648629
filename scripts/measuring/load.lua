-- What wrk sends: the lines of a file in turn, "|" in them is CRLF; and its figures as JSON.
local texts, turn = {}, 0

function init(args)
    for line in io.lines(args[1]) do
        texts[#texts + 1] = line:gsub("|", "\r\n")
    end
end

function request()
    turn = turn % #texts + 1
    return texts[turn]
end

function done(summary)
    local errors = summary.errors
    io.write(string.format(
        '\n{"requests": %d, "bytes": %d, "microseconds": %d, "failed": %d, "refused": %d}\n',
        summary.requests, summary.bytes, summary.duration,
        errors.connect + errors.read + errors.write + errors.timeout, errors.status))
end

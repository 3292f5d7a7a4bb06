-- SPDX-License-Identifier: BSD-2-Clause
--
-- relay: wrk asks for one path of many hosts in turn, each thread from another
-- host on, and prints its numbers on one line. Arguments: a file of hosts, one
-- a line, and the path.

local count = 0

function setup(thread)
	thread:set("number", count)
	count = count + 1
end

function init(args)
	requests = {}
	for host in io.lines(args[1]) do
		requests[#requests + 1] = wrk.format("GET", args[2], {Host = host})
	end
	at = number * 997
end

function request()
	at = at % #requests + 1
	return requests[at]
end

function done(summary, latency)
	local wrong = summary.errors
	io.write(string.format(
		"relay: %d %d %d %d %d %d %d %d %d %d\n", summary.requests,
		summary.duration, summary.bytes, latency:percentile(50),
		latency:percentile(99), wrong.connect, wrong.read, wrong.write,
		wrong.status, wrong.timeout))
end

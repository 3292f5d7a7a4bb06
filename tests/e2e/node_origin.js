// SPDX-License-Identifier: BSD-2-Clause
//
// node_origin: a site as applications under Node are: events, compressed
// bodies, ranges, validators, uploads. Node 18 or later, nothing else.
//
// It says its port on standard output. What a test wants to happen only now
// (the next event, the end of a long poll) waits for a request to /go, which
// the test sends to this port directly.

'use strict';

const crypto = require('crypto');
const http = require('http');
const zlib = require('zlib');

const TEXT = Buffer.from('The quick brown fox.\n'.repeat(500));
const ETAG = '"v1"';
const MODIFIED = 'Mon, 01 Jan 2024 00:00:00 GMT';
const PACKED = {
  gzip: zlib.gzipSync(TEXT),
  br: zlib.brotliCompressSync(TEXT),
};

const counts = { connections: 0 };  // and whole requests, by target
const waiting = [];                 // for /go, in their order

function go(answer) {
  const next = waiting.shift();
  answer.end(next ? 'gone\n' : 'nobody waits\n');
  if (next)
    next();
}

// Parts, one now and one for each /go.
function parts(answer, list) {
  const [first, ...others] = list;

  answer.write(first);
  if (others.length === 0)
    answer.end();
  else
    waiting.push(() => parts(answer, others));
}

function events(request, answer) {
  answer.writeHead(200, { 'Content-Type': 'text/event-stream' });
  parts(answer, [1, 2, 3, 4, 5].map((n) => `id: ${n}\ndata: ${n}\n\n`));
}

function trickle(request, answer) {
  answer.writeHead(200, { 'Content-Type': 'application/octet-stream' });
  parts(answer, ['a', 'bc', 'def', 'ghij']);
}

function poll(request, answer) {
  waiting.push(() => answer.end('news\n'));
}

function packed(request, answer, name) {
  answer.writeHead(200, {
    'Content-Type': 'text/plain',
    'Content-Encoding': name,
    'Content-Length': PACKED[name].length,
    'ETag': `"v1-${name}"`,
    'Vary': 'Accept-Encoding',
  });
  answer.end(PACKED[name]);
}

function text(request, answer) {
  const fields = { 'ETag': ETAG, 'Last-Modified': MODIFIED };

  if (request.headers['if-none-match'] === ETAG ||
      request.headers['if-modified-since'] === MODIFIED) {
    answer.writeHead(304, fields);
    answer.end();
    return;
  }
  answer.writeHead(200, {
    ...fields,
    'Content-Type': 'text/plain',
    'Content-Length': TEXT.length,
  });
  answer.end(TEXT);
}

// "bytes=1-2,5-,-3" as [[first, last], ...]; those that have nothing are left
// out.
function ranges(value) {
  return value.replace('bytes=', '').split(',').map((one) => {
    const [first, last] = one.trim().split('-');
    return first === '' ?
      [Math.max(0, TEXT.length - Number(last)), TEXT.length - 1] :
      [Number(first), Math.min(last === '' ? Infinity : Number(last),
        TEXT.length - 1)];
  }).filter(([first, last]) => first <= last);
}

function range(request, answer) {
  const wanted = request.headers.range;
  const condition = request.headers['if-range'];
  const fields = { 'Accept-Ranges': 'bytes', 'ETag': ETAG };
  const whole = TEXT.length;

  if (!wanted || (condition && condition !== ETAG))
    return text(request, answer);
  const list = ranges(wanted);
  if (list.length === 0) {
    answer.writeHead(416, {
      ...fields,
      'Content-Range': `bytes */${whole}`,
      'Content-Length': 0,
    });
    return answer.end();
  }
  if (list.length === 1) {
    const [first, last] = list[0];
    answer.writeHead(206, {
      ...fields,
      'Content-Type': 'text/plain',
      'Content-Range': `bytes ${first}-${last}/${whole}`,
      'Content-Length': last - first + 1,
    });
    return answer.end(TEXT.subarray(first, last + 1));
  }
  const body = Buffer.concat([...list.flatMap(([first, last]) => [
    Buffer.from('\r\n--edge\r\nContent-Type: text/plain\r\n' +
      `Content-Range: bytes ${first}-${last}/${whole}\r\n\r\n`),
    TEXT.subarray(first, last + 1),
  ]), Buffer.from('\r\n--edge--\r\n')]);
  answer.writeHead(206, {
    ...fields,
    'Content-Type': 'multipart/byteranges; boundary=edge',
    'Content-Length': body.length,
  });
  return answer.end(body);
}

function cookie(request, answer) {
  answer.setHeader('Set-Cookie', [
    'back=' + 'b'.repeat(7900) + '; Path=/', 'small=1; HttpOnly']);
  answer.end(JSON.stringify({ cookie: request.headers.cookie || '' }));
}

// The files of a multipart/form-data body: name, size and SHA-256 of each.
function upload(request, answer, unused, body) {
  const type = request.headers['content-type'] || '';
  const edge = Buffer.from('\r\n--' + type.split('boundary=')[1]);
  const all = Buffer.concat([Buffer.from('\r\n'), body]);
  const files = [];
  let at = all.indexOf(edge);

  for (;;) {
    const from = all.indexOf('\r\n\r\n', at) + 4;
    const to = all.indexOf(edge, from);
    if (at < 0 || from < 4 || to < 0)
      break;
    const data = all.subarray(from, to);
    files.push({
      name: (/name="([^"]*)"/.exec(all.toString('latin1', at, from)) || [])[1],
      size: data.length,
      sha256: crypto.createHash('sha256').update(data).digest('hex'),
    });
    at = to;
  }
  answer.end(JSON.stringify({
    files, size: body.length,
    length: request.headers['content-length'] || null,
  }));
}

function hello(request, answer) {
  answer.setHeader('Content-Type', 'text/plain');
  answer.end('hello\n');
}

function slow(request, answer) {
  setTimeout(() => hello(request, answer), 50);
}

function count(request, answer) {
  answer.end(JSON.stringify(counts));
}

const handlers = {
  events, trickle, poll, text, range, cookie, upload, hello, slow, count,
  gzip: packed, br: packed,
};

const server = http.createServer((request, answer) => {
  const name = request.url.split('?')[0].split('/').pop();
  const body = [];

  request.on('data', (data) => body.push(data));
  request.on('end', () => {
    if (name === 'go')
      return go(answer);
    counts[request.url] = (counts[request.url] || 0) + 1;
    const handler = handlers[name];
    if (handler)
      return handler(request, answer, name, Buffer.concat(body));
    answer.writeHead(404);
    return answer.end();
  });
});

server.on('connection', () => { counts.connections += 1; });
// Node's own is 5 seconds: a test of what happens about that moment mostly
// cannot wait that long. Newer ones wait a second longer than they say.
if (process.env.KEEP_ALIVE)
  server.keepAliveTimeout = Number(process.env.KEEP_ALIVE);
server.listen(0, '127.0.0.1', () => {
  console.log(`port ${server.address().port}`);
});

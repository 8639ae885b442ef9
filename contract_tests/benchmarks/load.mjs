// Ask a server one thing over and over on c connections, and print how it went as one line of JSON.
//
//     node load.mjs '{"port":8000,"request":"GET / HTTP/1.1\r\n...","connections":16,"seconds":5}'
//
// Raw sockets, so that the client costs less than any server it measures, and so that servers that close
// every connection (Werkzeug's) are measured too: autocannon stalls on them. An answer counts once it is
// whole; connections that the server closes are opened again, and the time that takes counts.
import net from "node:net";

const { port, request, connections, seconds, warmup = 0.5 } = JSON.parse(process.argv[2]);
const bytes = Buffer.from(request, "latin1");
const result = { answers: 0, refused: 0, errors: 0, latencies: [] };
let from = 0, until = Infinity;

// Return the length of the answer at the start of `text`, 0 while it is not whole, -1 if it ends with
// the connection.
function wholeLength(text) {
  const head = text.indexOf("\r\n\r\n");
  if (head < 0) return 0;
  const headers = text.slice(0, head).toLowerCase();
  const sized = /\r\ncontent-length: *(\d+)/.exec(headers);
  if (sized) return text.length >= head + 4 + +sized[1] ? head + 4 + +sized[1] : 0;
  if (!headers.includes("\r\ntransfer-encoding: chunked")) return -1;
  let at = head + 4;
  for (;;) {
    const line = text.indexOf("\r\n", at);
    if (line < 0) return 0;
    const size = parseInt(text.slice(at, line), 16);
    at = line + 2 + size + 2;
    if (at > text.length) return 0;
    if (size === 0) return at;
  }
}

function client() {
  const socket = net.connect({ port, host: "127.0.0.1", noDelay: true });
  let text = "", asked = 0, closing = false;
  const ask = () => { asked = performance.now(); socket.write(bytes); };
  const answered = () => {
    const now = performance.now();
    if (asked < from || now > until) return;
    if (/^HTTP\/1\.[01] 2\d\d/.test(text)) { result.answers++; result.latencies.push(now - asked); } else result.refused++;
  };
  const again = () => { if (performance.now() < until) client(); };
  asked = performance.now();
  socket.on("connect", () => { const begun = asked; ask(); asked = begun; });
  socket.on("data", (data) => {
    text += data.toString("latin1");
    const length = wholeLength(text);
    if (length <= 0) return;
    answered();
    closing = /\r\nconnection: close\r\n/i.test(text.slice(0, text.indexOf("\r\n\r\n") + 2)) || text.startsWith("HTTP/1.0");
    text = text.slice(length);
    if (performance.now() > until) socket.destroy();
    else if (closing) { socket.destroy(); again(); }
    else ask();
  });
  socket.on("end", () => { if (!closing) { if (wholeLength(text) === -1) answered(); else if (text) result.errors++; socket.destroy(); again(); } });
  socket.on("error", () => { if (performance.now() > from && performance.now() < until) result.errors++; if (!closing) { closing = true; socket.destroy(); setTimeout(again, 5); } });
}

from = performance.now() + warmup * 1000;
until = from + seconds * 1000;
for (let i = 0; i < connections; i++) client();
setTimeout(() => {
  const sorted = result.latencies.sort((a, b) => a - b);
  const at = (share) => sorted.length ? sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] : null;
  console.log(JSON.stringify({ answers: result.answers, refused: result.refused, errors: result.errors,
    perSecond: result.answers / seconds, p50: at(0.5), p99: at(0.99) }));
  process.exit(0);
}, (warmup + seconds) * 1000 + 100);

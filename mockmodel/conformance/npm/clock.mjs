// A virtual clock for SDKs that wait: a timer that somebody set fires as soon as
// nothing else is going on, and the clock jumps to when it was due. So a wait of
// 150 s costs nothing, and its length is known exactly.
//
// Imported first, before any SDK takes a reference to what it replaces.
import { channel } from 'node:diagnostics_channel'

const real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout, now: Date.now.bind(Date) }

let offset = 0 // ms that were jumped over
let flying = 0 // requests whose answer is not whole
let still = 0 // turns of the event loop since something happened
let arrivals = [] // virtual instants at which requests began, since the last reset
let nextId = 1
const pending = new Map()

class Timer {
  constructor(fn, ms, args, every) {
    Object.assign(this, { fn, ms, args, every, id: nextId++, due: offset + ms, held: true })
    pending.set(this.id, this)
    watch()
  }
  ref() {
    this.held = true
    watch()
    return this
  }
  unref() {
    this.held = false
    return this
  }
  hasRef() { return this.held }
  refresh() {
    this.due = offset + this.ms
    pending.set(this.id, this)
    watch()
    return this
  }
  close() { pending.delete(this.id) }
  [Symbol.toPrimitive]() { return this.id }
  [Symbol.dispose]() { this.close() }
}

globalThis.setTimeout = (fn, ms, ...args) => (ms > 0 ? new Timer(fn, ms, args, false) : real.setTimeout(fn, ms, ...args))
globalThis.clearTimeout = (t) => {
  if (t instanceof Timer) pending.delete(t.id)
  else if (!pending.delete(t)) real.clearTimeout(t)
}
globalThis.setInterval = (fn, ms, ...args) => new Timer(fn, Math.max(1, ms), args, true)
globalThis.clearInterval = globalThis.clearTimeout
Date.now = () => real.now() + offset

// Jitter is drawn from a seed, so that a measurement repeats.
let dice = 1
Math.random = () => {
  dice = (dice + 0x6d2b79f5) | 0
  let t = Math.imul(dice ^ (dice >>> 15), 1 | dice)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}

// Requests as node's own HTTP client sees them: from their creation to the end
// of the answer's body.
const open = new Set()
channel('undici:request:create').subscribe(({ request }) => {
  open.add(request)
  flying = open.size
  arrivals.push(offset)
  still = 0
})
for (const end of ['undici:request:trailers', 'undici:request:error']) {
  channel(end).subscribe(({ request }) => {
    open.delete(request)
    flying = open.size
    still = 0
    watch()
  })
}

// flight is a conversation that is not one of its requests.
export function flight(promise) {
  open.add(promise)
  flying = open.size
  const end = () => {
    open.delete(promise)
    flying = open.size
    still = 0
    watch()
  }
  promise.then(end, end)
  return promise
}

// quiet is how many turns of the event loop nothing must happen in before the
// clock jumps, so that what was read has reached the SDK. Turns, and not ms: a
// busy machine makes them longer, not more. Where the provider falls silent with
// an answer half sent, nothing tells when that half is here, nor what an SDK does
// before its caller loses patience (last): there they take 1 ms each. An answer
// that the SDK does not read to its end counts as half sent, too.
const quiet = (last) => (last ? (flying > 0 ? 200 : 80) : flying > 0 ? 60 : 20)
const turn = (look, last) => (flying > 0 || last ? real.setTimeout(look, 1) : setImmediate(look))

// What came by the connections, as node's own client holds them.
const sockets = new Set()
channel('net.client.socket').subscribe(({ socket }) => {
  sockets.add(socket)
  socket.once('close', () => sockets.delete(socket))
})
let came = 0
function more() {
  let now = 0
  for (const s of sockets) now += s.bytesRead
  const is = now !== came
  came = now
  return is
}

let watching = false
function watch() {
  still = 0
  if (watching) return
  watching = true
  const look = () => {
    // Nobody waits for a timer that is unref'd, such as node's own for an idle
    // connection: it fires in its turn, and moves no clock alone.
    if (![...pending.values()].some((t) => t.held) || flying > stuck) {
      watching = false
      return
    }
    if (more()) still = 0
    const next = [...pending.values()].reduce((a, b) => (b.due < a.due || (b.due === a.due && b.id < a.id) ? b : a))
    if (++still < quiet(next.last)) return void turn(look, next.last)
    pending.delete(next.id)
    offset = Math.max(offset, next.due)
    if (next.every) next.refresh()
    next.fn(...next.args)
    still = 0
    turn(look)
  }
  turn(look)
}

// stuck is how many requests may be open while the clock jumps: more than none
// only where the provider is meant to fall silent.
let stuck = 0

// begin forgets the arrivals and timers of the call before, and what was jumped
// over: dates in hints are the mock's, whose clock does not jump.
export function begin(silent) {
  offset = 0
  arrivals = []
  pending.clear()
  open.clear()
  flying = 0
  stuck = silent ? Infinity : 0
}

// patience is a signal that aborts after ms of the clock.
export function patience(ms) {
  const c = new AbortController()
  new Timer(() => c.abort(), ms, [], false).last = true
  return c.signal
}

// waits returns the ms between the arrivals since begin.
export function waits() {
  return arrivals.slice(1).map((at, i) => at - arrivals[i])
}

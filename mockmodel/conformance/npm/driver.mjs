// Puts one SDK into each scene that standard input tells of, and prints a line
// of JSON for each call. The Go tests one folder up start it, with a mock for
// each scene; see npm_test.go.
import * as clock from './clock.mjs'

let input = ''
for await (const chunk of process.stdin) input += chunk
const { sdk, scenes } = JSON.parse(input)
const { asks, raised } = await import(`./${sdk}.mjs`)

// ours says whether it was the adapter that failed, and not the SDK.
function ours(err) {
  const at = err?.stack?.split('\n').find((line) => line.startsWith('    at '))
  return at?.includes(import.meta.dirname) && !at.includes('node_modules')
}

// told describes an error as the Go tests do: its type and what it carries.
function told(err) {
  const own = raised(err)
  return {
    class: own.class ?? err?.constructor?.name ?? typeof err,
    status: typeof own.status === 'number' ? own.status : 0,
    code: own.code == null ? '' : String(own.code),
    type: own.type == null ? '' : String(own.type),
    message: String(own.message ?? err?.message ?? err),
  }
}

for (const [i, scene] of scenes.entries()) {
  for (let n = 0; n < scene.calls; n++) {
    clock.begin(scene.cutMs > 0)
    const line = { scene: i }
    const signal = scene.cutMs > 0 ? clock.patience(scene.cutMs) : undefined
    try {
      Object.assign(line, await asks[scene.ask](scene.base, `hello ${n}`, signal))
    } catch (err) {
      if (ours(err)) throw err
      line.failed = told(err)
    }
    line.waits = clock.waits()
    line.waited = signal?.aborted ?? false
    await new Promise((done) => process.stdout.write(JSON.stringify(line) + '\n', done))
  }
}
process.exit(0)

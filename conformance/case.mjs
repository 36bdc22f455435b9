// Prints one line per example, in the form that `conformance/run` counts.
//
//   await example('a used code is refused', async () => { … });

const LIMIT = 60; // seconds that an example may take

/** Runs `body`; prints `ok` or `FAILED` with the reason, and goes on. */
export async function example(name, body) {
  const began = performance.now();
  try {
    await Promise.race([body(), refusal()]);
    report('ok', name, began);
  } catch (fault) {
    report('FAILED', name, began);
    console.log(indent(`${fault.message ?? fault}`));
    if (fault.cause) console.log(indent(fault.cause.stack ?? JSON.stringify(fault.cause)));
    else if (fault.stack) console.log(indent(fault.stack));
    process.exitCode = 1;
  }
}

/** What `attempt` comes to once it succeeds: other processes learn of a change within a second. */
export async function until(attempt) {
  for (let tries = 0; ; tries++) {
    try {
      return await attempt();
    } catch (fault) {
      if (tries === 20) throw fault;
      await new Promise((resolve) => { setTimeout(resolve, 200); });
    }
  }
}

function report(outcome, name, began) {
  const seconds = (performance.now() - began) / 1000;
  console.log(`${outcome.padEnd(7)} ${name} (${seconds.toFixed(1)} s)`);
}

function refusal() {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`no end after ${LIMIT} seconds`)), LIMIT * 1000).unref();
  });
}

function indent(text) {
  return text.replace(/^/gm, '        ');
}

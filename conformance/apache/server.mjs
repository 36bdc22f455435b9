// Apache with a configuration of a test, in a folder of its own.

import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Starts Apache by the template `template` with `values` in it; `pages` are the folders that hold `page`. `end()` stops it
 * and removes everything.
 */
export async function apache(template, values, pages, page) {
  const folder = mkdtempSync(join(tmpdir(), 'lanyard-apache.'));
  const filled = { ...values, FOLDER: folder };
  const text = readFileSync(new URL(template, import.meta.url), 'utf8');
  writeFileSync(join(folder, 'httpd.conf'), text.replace(/^#.*\n/gm, '').replace(/@([A-Z]+)@/g, (_, name) => filled[name]));
  for (const place of pages) {
    mkdirSync(join(folder, 'pages', place), { recursive: true });
    writeFileSync(join(folder, 'pages', place, 'index.shtml'), page);
  }
  mkdirSync(join(folder, 'cache'));
  chmodSync(folder, 0o755);
  chmodSync(join(folder, 'cache'), 0o777); // Apache runs as www-data where root starts it

  execFileSync('apache2', ['-f', join(folder, 'httpd.conf'), '-t'], { stdio: 'pipe' });
  // In a group of its own, which Apache ends as a whole; and it ends with this program.
  const command = ['--pdeathsig', 'TERM', 'apache2', '-f', join(folder, 'httpd.conf'), '-DFOREGROUND'];
  const server = spawn('setpriv', command, { stdio: 'inherit', detached: true });
  const end = () => {
    server.kill();
    rmSync(folder, { recursive: true });
  };
  for (let tries = 0; tries < 100; tries++) {
    if (await fetch(`http://localhost:${values.PORT}`, { redirect: 'manual' }).catch(() => null)) return { end };
    await sleep(50);
  }
  const log = readFileSync(join(folder, 'error.log'), 'utf8');
  end();
  throw new Error(`Apache does not start:\n${log}`);
}

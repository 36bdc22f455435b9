// The demo clinic as `conformance/run` started it: its addresses, its people, its mailbox and its command line.

import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const ISSUER = process.env.ISSUER;
export const APP = process.env.APP;
export const PASSWORD = 'Lanyard-demo-2026!';

export const { LANYARD } = process.env;
const { DEMO_DATA } = process.env;

export const CALENDAR = { id: 'clinic-calendar', secret: 'calendar-demo-secret', redirect: `${APP}/callback` };
export const PORTAL = { id: 'clinic-portal', redirect: `${APP}/spa` };
export const REPORTING = { id: 'reporting-service', secret: 'reporting-demo-secret' };
export const RESOURCE = { id: 'resource-api', secret: 'resource-demo-secret' };

/** Runs `lanyard` beside the demo, on its data. */
export function lanyard(...command) {
  return execFileSync(LANYARD, ['--config', join(DEMO_DATA, 'lanyard.toml'), ...command], { encoding: 'utf8' });
}

const opened = new Set();

/**
 * The link in the newest mail to `address` whose path begins with `path`, each once; waits until there is one. Word of a
 * changed password links to a page for everybody, which is not meant.
 */
export async function mailedLink(address, path) {
  for (let tries = 0; tries < 100; tries++) {
    for (const mail of mails().filter((text) => text.includes(address))) {
      const link = mail.split(/[\s"<>]+/).find((word) => word.startsWith(`${ISSUER}${path}`));
      if (link && link !== `${ISSUER}/password/forgotten` && !opened.has(link)) {
        opened.add(link);
        return link;
      }
    }
    await sleep(100);
  }
  throw new Error(`no mail to ${address} with a link to ${path}`);
}

/** The newest mail to `address` that says `words`; waits until there is one. */
export async function mailTo(address, words) {
  for (let tries = 0; tries < 100; tries++) {
    const found = mails().find((text) => text.includes(address) && text.includes(words));
    if (found) return found;
    await sleep(100);
  }
  throw new Error(`no mail to ${address} that says ${words}`);
}

/** The code in the newest mail to `address`, each once; waits until there is one. */
export async function mailedCode(address) {
  for (let tries = 0; tries < 100; tries++) {
    for (const mail of mails().filter((text) => text.includes(address))) {
      const code = mail.match(/(?<= )\d{3} \d{3}$/m)?.[0];
      if (code && !opened.has(`${address} ${code}`)) {
        opened.add(`${address} ${code}`);
        return code;
      }
    }
    await sleep(100);
  }
  throw new Error(`no mail to ${address} with a code`);
}

/** The code in the newest text message to `number`, as the demo keeps it; waits until there is one. */
export async function textedCode(number) {
  for (let tries = 0; tries < 100; tries++) {
    const page = await (await fetch(`${APP}/messages`)).text();
    const code = page.match(new RegExp(`<dt>\\${number}</dt><dd>(\\d{3} \\d{3}) `))?.[1];
    if (code) return code;
    await sleep(100);
  }
  throw new Error(`no text message to ${number}`);
}

/** All mails as text, the newest first. */
function mails() {
  const folder = join(DEMO_DATA, 'mail');
  const files = readdirSync(folder).filter((name) => name.endsWith('.eml')).sort().reverse();
  return files.map((name) => decoded(readFileSync(join(folder, name), 'utf8')));
}

/** Undoes quoted-printable and base64, part by part. */
function decoded(mail) {
  return mail
    .split(/\r?\n--/)
    .map((part) => {
      const [head, ...body] = part.split(/\r?\n\r?\n/);
      const text = body.join('\n\n');
      if (/^content-transfer-encoding: *base64/im.test(head)) return `${head}\n${Buffer.from(text, 'base64')}`;
      if (/^content-transfer-encoding: *quoted-printable/im.test(head)) return `${head}\n${unquoted(text)}`;
      return part;
    })
    .join('\n');
}

function unquoted(text) {
  return text.replace(/=\r?\n/g, '').replace(/=([0-9A-F]{2})/g, (_, code) => String.fromCharCode(parseInt(code, 16)));
}

/** Registers a confidential app with the command line, as an administrator would, and lets Riverside use it. */
export function newClient(id, name, redirect, ...wishes) {
  const create = ['client', 'create', id, '--name', name, '--redirect-uri', redirect, ...wishes];
  const { client_secret: secret } = JSON.parse(lanyard('--json', ...create));
  lanyard('client', 'activate', id, '--organization', 'riverside');
  return { id, secret, redirect };
}

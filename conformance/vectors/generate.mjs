// Writes keys.json, jwks.json and vectors.json: access tokens to accept and to refuse, for people who write validators.
//
//   node conformance/vectors/generate.mjs
//
// Keys are made once and kept in keys.json: they are TEST KEYS, published here, and sign for nobody. A token that is in
// vectors.json already and says the same is kept too, since ECDSA and PSS sign differently each time: running this twice
// changes nothing.

import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const at = (name) => join(import.meta.dirname, name);
const read = (name, none) => (existsSync(at(name)) ? JSON.parse(readFileSync(at(name), 'utf8')) : none);
const write = (name, value) => writeFileSync(at(name), `${JSON.stringify(value, null, 1)}\n`);

const ISSUER = 'https://id.clinic.example';
const AUDIENCE = 'https://records.clinic.example';
const NOW = 1_795_334_400; // 22 November 2026, 08:00 UTC

// ── keys ──

const KINDS = {
  ES256: ['ec', { namedCurve: 'P-256' }],
  EdDSA: ['ed25519', {}],
  RS256: ['rsa', { modulusLength: 2048 }],
  PS256: ['rsa', { modulusLength: 2048 }],
};
const keys = read('keys.json', {});
for (const name of ['ES256', 'EdDSA', 'RS256', 'PS256', 'retired', 'foreign']) {
  const alg = KINDS[name] ? name : 'ES256';
  keys[name] ??= { ...generateKeyPairSync(...KINDS[alg]).privateKey.export({ format: 'jwk' }), kid: `test-${name.toLowerCase()}`, use: 'sig', alg };
}
const open = ({ kty, n, e, crv, x, y, kid, use, alg }) => ({ kty, n, e, crv, x, y, kid, use, alg });
const jwks = { keys: ['ES256', 'EdDSA', 'RS256', 'PS256'].map((name) => open(keys[name])) };

// ── tokens ──

const url = (data) => Buffer.from(data).toString('base64url');
const json = (value) => (typeof value === 'string' ? value : JSON.stringify(value));

const bare = (alg, key, data, form = 'ieee-p1363') => {
  const pss = alg === 'PS256' ? { padding: 6, saltLength: 32 } : {}; // RSA_PKCS1_PSS_PADDING
  return sign(alg === 'EdDSA' ? null : 'sha256', data, { key: createPrivateKey({ key, format: 'jwk' }), dsaEncoding: form, ...pss });
};

const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const scalar = (bytes) => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
/** The signature with the smaller of its two `s`, or with the greater. */
const withS = (signature, wanted) => {
  const s = scalar(signature.subarray(32));
  const isLow = s <= ORDER / 2n;
  const other = isLow === (wanted === 'low') ? s : ORDER - s;
  return Buffer.concat([signature.subarray(0, 32), Buffer.from(other.toString(16).padStart(64, '0'), 'hex')]);
};

const signature = (alg, key, data) => {
  const made = bare(alg, key, Buffer.from(data));
  return alg === 'ES256' ? withS(made, 'low') : made;
};

const claims = (changed = {}) => ({
  iss: ISSUER, aud: AUDIENCE, sub: 'usr_0190a5c1e0f27bd08c1f2a3b4c5d6e7f', client_id: 'roster', iat: NOW - 60, exp: NOW + 240,
  jti: 'f_0190a5c1', scope: 'openid roles', sid: 'sid_0190a5c1', auth_time: NOW - 600, acr: '1', amr: ['pwd'],
  org_id: 'org_0190a5c1', org_name: 'Riverside Clinic', roles: ['practitioner'], groups: [], locations: ['main-street'],
  assignments: [{ role: 'practitioner', location: 'main-street' }], ...changed,
});

const header = (alg, changed = {}) => ({ typ: 'at+jwt', alg, kid: keys[alg]?.kid ?? 'test-es256', ...changed });

/** A token as the parts of it are given; texts are taken as they are. */
const token = ({ by = 'ES256', head = header(by), body = claims(), key = keys[by], of = by }) => {
  const data = `${url(json(head))}.${url(json(body))}`;
  return { data, finish: () => `${data}.${url(signature(of, key, data))}` };
};
const raw = (text) => ({ data: text, finish: () => text });

const publicPem = createPublicKey({ key: open(keys.RS256), format: 'jwk' }).export({ type: 'spki', format: 'pem' });
const hmac = (secret, head, body = claims()) => {
  const data = `${url(json(head))}.${url(json(body))}`;
  return raw(`${data}.${createHmac('sha256', secret).update(data).digest('base64url')}`);
};
/** A token that is changed once it is signed. */
const changed = (given, change) => ({ data: `${given.data} ${change}`, finish: () => change(given.finish()) });
const part = (token, index, change) => token.split('.').map((text, at) => (at === index ? change(text) : text)).join('.');
const nested = (depth) => '['.repeat(depth) + ']'.repeat(depth);
const without = (name) => { const { [name]: _, ...rest } = claims(); return rest; };

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** The same bytes with a bit beyond the end: 86 characters carry four bits that mean nothing. */
const trailing = (text) => text.slice(0, -1) + ALPHABET[ALPHABET.indexOf(text.at(-1)) | 1];

const cases = [];
const accept = (name, made, more = {}) => cases.push({ name, verdict: 'accept', made, ...more });
const refuse = (reason, name, made, more = {}) => cases.push({ name, verdict: 'refuse', reason, made, ...more });
/** Refused by Lanyard, which is strict; a library that takes it does no harm, as nobody but us could sign it. */
const strict = { strict: true };

for (const alg of ['ES256', 'EdDSA', 'RS256', 'PS256']) accept(`signed by ${alg}`, token({ by: alg }));
accept('several audiences', token({ body: claims({ aud: ['https://other.clinic.example', AUDIENCE] }) }));
accept('of a service', token({ body: claims({ sub: 'roster', sid: undefined, auth_time: undefined, acr: undefined, amr: undefined }) }));
accept('a member without a role', token({ body: claims({ roles: [], assignments: [], locations: [] }) }));
accept('claims that overflow: introspection has all', token({ body: claims({ groups: undefined, overflow: ['groups'] }) }));
accept('claims of which nobody knows', token({ body: claims({ future: { a: [1] } }) }));
accept('expired within the skew', token({ body: claims({ exp: NOW - 59 }) }));
accept('issued within the skew', token({ body: claims({ iat: NOW + 59 }) }));
accept('valid from now', token({ body: claims({ nbf: NOW }) }));
accept('a fraction of a second', token({ body: claims({ exp: NOW + 0.5 }) }));
accept('bound to a key: a DPoP proof is needed too', token({ body: claims({ cnf: { jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I' } }) }), { bound: 'jkt' });
accept('bound to a certificate: it is needed too', token({ body: claims({ cnf: { 'x5t#S256': 'bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2' } }) }), { bound: 'x5t#S256' });
accept('delegated: somebody acts for the person', token({ body: claims({ act: { sub: 'night-report' } }) }));
accept('typ in capitals, with its prefix', token({ head: header('ES256', { typ: 'application/AT+JWT' }) }));

refuse('form', 'nothing', raw(''));
refuse('form', 'one part', raw('eyJhbGciOiJub25lIn0'));
refuse('form', 'two parts', changed(token({}), (text) => text.split('.').slice(0, 2).join('.')));
refuse('form', 'four parts', changed(token({}), (text) => `${text}.AA`));
refuse('form', 'five parts, as if encrypted', changed(token({}), (text) => `${text}.AA.AA`));
refuse('form', 'longer than 16 KiB', token({ body: claims({ padding: 'x'.repeat(16_384) }) }), strict);
refuse('encoding', 'padding', changed(token({}), (text) => `${text}==`), strict);
refuse('encoding', 'the other alphabet', changed(token({ body: claims({ padding: '???>>>~~~' }) }), (text) => text.replaceAll('-', '+').replaceAll('_', '/')), strict);
refuse('encoding', 'white space', changed(token({}), (text) => part(text, 1, (p) => `${p.slice(0, 8)}\n${p.slice(8)}`)), strict);
refuse('encoding', 'bits beyond the end', changed(token({}), (text) => part(text, 2, trailing)), strict);
refuse('header', 'a header that is no JSON', token({ head: '{"typ":"at+jwt","alg":"ES256"' }));
refuse('header', 'a header that is a list', token({ head: '["at+jwt","ES256"]' }));
refuse('header', 'a member of the header twice', token({ head: '{"typ":"at+jwt","alg":"none","alg":"ES256","kid":"test-es256"}' }), strict);
refuse('header', 'an algorithm that is no text', token({ head: header('ES256', { alg: ['ES256'] }) }));
refuse('header', 'a kid that is no text', token({ head: header('ES256', { kid: 7 }) }), strict);
refuse('critical', 'crit', token({ head: header('ES256', { crit: ['exp'], exp: NOW }) }));
refuse('critical', 'crit that is empty', token({ head: header('ES256', { crit: [] }) }));
refuse('critical', 'b64, an extension', token({ head: header('ES256', { crit: ['b64'], b64: false }) }));
for (const none of ['none', 'None', 'NONE', 'nOnE', '']) {
  const data = `${url(json(header('ES256', { alg: none })))}.${url(json(claims()))}`;
  refuse('algorithm', `no signature, alg "${none}"`, raw(`${data}.`));
}
refuse('algorithm', 'a signature, alg none', token({ head: header('ES256', { alg: 'none' }) }));
refuse('header', 'no alg', token({ head: { typ: 'at+jwt', kid: 'test-es256' } }));
refuse('algorithm', 'HS256 with the public key as the secret (PEM)', hmac(publicPem, header('RS256', { alg: 'HS256' })));
refuse('algorithm', 'HS256 with the public key as the secret (JWK)', hmac(JSON.stringify(open(keys.RS256)), header('RS256', { alg: 'HS256' })));
refuse('algorithm', 'HS256 with an empty secret', hmac('', header('RS256', { alg: 'HS256' })));
refuse('algorithm', 'an algorithm in small letters', token({ head: header('ES256', { alg: 'es256' }) }));
refuse('algorithm', 'an algorithm of another curve', token({ head: header('ES256', { alg: 'ES384' }) }));
refuse('type', 'an ID token', token({ head: header('ES256', { typ: 'JWT' }), body: claims({ aud: 'roster', nonce: 'n' }) }));
refuse('type', 'an ID token for this audience', token({ head: header('ES256', { typ: 'JWT' }) }));
refuse('type', 'a logout token', token({ head: header('ES256', { typ: 'logout+jwt' }) }));
refuse('type', 'no typ', token({ head: { alg: 'ES256', kid: 'test-es256' } }));
refuse('type', 'a DPoP proof', token({ head: header('ES256', { typ: 'dpop+jwt' }) }));
refuse('foreign-key', 'a key in the header, by which it is signed', token({ head: header('ES256', { jwk: open(keys.foreign) }), key: keys.foreign }));
refuse('foreign-key', 'the address of a key set in the header', token({ head: header('ES256', { jku: 'https://evil.example/jwks' }), key: keys.foreign }));
refuse('foreign-key', 'the address of a certificate in the header', token({ head: header('ES256', { x5u: 'https://evil.example/c' }), key: keys.foreign }));
refuse('signature', 'signed by a key of somebody else', token({ key: keys.foreign }));
refuse('unknown-key', 'a kid that is not in the set', token({ head: header('ES256', { kid: 'test-foreign' }), key: keys.foreign }));
refuse('unknown-key', 'a key that was retired or revoked', token({ head: header('ES256', { kid: keys.retired.kid }), key: keys.retired }));
refuse('unknown-key', 'the kid of a key of another kind', token({ head: header('ES256', { kid: 'test-rs256' }) }));
refuse('unknown-key', 'RS256 by a key that is for PS256', token({ by: 'PS256', of: 'RS256', head: header('RS256', { kid: 'test-ps256' }) }));
refuse('unknown-key', 'a kid that is a path', token({ head: header('ES256', { kid: '../../dev/null' }) }));
refuse('signature', 'no signature', changed(token({}), (text) => part(text, 2, () => '')));
refuse('signature', 'half a signature', changed(token({}), (text) => part(text, 2, (p) => p.slice(0, 44))));
refuse('signature', 'a signature of zeros', changed(token({}), (text) => part(text, 2, () => url(Buffer.alloc(64)))));
refuse('signature', 'one bit of the signature', changed(token({}), (text) => part(text, 2, (p) => (p[9] === 'A' ? 'B' : 'A') + p.slice(1))));
refuse('signature', 'a signature in DER', (() => { const { data } = token({}); return { data: `${data} der`, finish: () => `${data}.${url(bare('ES256', keys.ES256, Buffer.from(data), 'der'))}` }; })());
refuse('signature', 'the other of the two signatures that ECDSA allows (high s)', changed(token({}), (text) => part(text, 2, (p) => url(withS(Buffer.from(p, 'base64url'), 'high')))), strict);
refuse('signature', 'claims of another token', changed(token({}), (text) => part(text, 1, () => url(json(claims({ roles: ['owner'] }))))));
refuse('signature', 'a header of another token', changed(token({}), (text) => part(text, 0, () => url(json(header('ES256', { note: 'x' }))))));
refuse('payload', 'claims that are no JSON', token({ body: 'iss=x' }));
refuse('payload', 'claims that are a list', token({ body: '[]' }));
refuse('payload', 'a claim twice', token({ body: JSON.stringify(claims()).replace('"aud"', '"aud":"https://evil.example","aud"') }), strict);
refuse('payload', 'nested deeply', token({ body: JSON.stringify(claims()).replace('"org_id"', `"deep":${nested(200)},"org_id"`) }), strict);
refuse('payload', 'something after the claims', token({ body: `${JSON.stringify(claims())} {}` }));
for (const name of ['iss', 'aud', 'exp', 'iat', 'jti', 'sub', 'client_id']) refuse('claims', `no ${name}`, token({ body: without(name) }));
refuse('claims', 'exp is a text', token({ body: claims({ exp: String(NOW + 240) }) }));
refuse('claims', 'iss is a list', token({ body: claims({ iss: [ISSUER] }) }));
refuse('claims', 'sub is a number', token({ body: claims({ sub: 7 }) }), strict);
refuse('claims', 'aud holds a number', token({ body: claims({ aud: [AUDIENCE, 7] }) }), strict);
refuse('claims', 'cnf that nobody can confirm', token({ body: claims({ cnf: { kid: 'x' } }) }), strict);
refuse('issuer', 'another issuer', token({ body: claims({ iss: 'https://evil.example' }) }));
refuse('issuer', 'the issuer with a slash', token({ body: claims({ iss: `${ISSUER}/` }) }));
refuse('issuer', 'the issuer in capitals', token({ body: claims({ iss: ISSUER.toUpperCase() }) }));
refuse('audience', 'another audience', token({ body: claims({ aud: 'https://other.clinic.example' }) }));
refuse('audience', 'no audience in the list', token({ body: claims({ aud: [] }) }));
refuse('audience', 'the beginning of the audience', token({ body: claims({ aud: AUDIENCE.slice(0, -1) }) }));
refuse('expired', 'expired', token({ body: claims({ iat: NOW - 900, exp: NOW - 300 }) }));
refuse('expired', 'expired just beyond the skew', token({ body: claims({ exp: NOW - 60 }) }));
refuse('expired', 'expired before 1970', token({ body: claims({ exp: -1 }) }));
refuse('not-yet-valid', 'issued later', token({ body: claims({ iat: NOW + 61 }) }));
refuse('not-yet-valid', 'valid later', token({ body: claims({ nbf: NOW + 61 }) }));

// ── what was made before stays ──

const before = new Map((read('vectors.json', { vectors: [] }).vectors).map((one) => [one.name, one]));
const vectors = cases.map(({ made, ...rest }) => {
  const kept = before.get(rest.name);
  const id = createHmac('sha256', 'made of').update(made.data).digest('base64url').slice(0, 16);
  return { ...rest, made_of: id, token: kept?.made_of === id ? kept.token : made.finish() };
});
write('keys.json', keys);
write('jwks.json', jwks);
write('vectors.json', { about: 'Access tokens to accept and to refuse; see README.md.', issuer: ISSUER, audience: AUDIENCE, now: NOW, skew: 60, jwks: 'jwks.json', vectors });
console.log(`${vectors.length} vectors`);

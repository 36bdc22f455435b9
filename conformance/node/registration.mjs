// openid-client registers itself (RFC 7591) and signs somebody in; `lanyard token check` judges what it gets.

import assert from 'node:assert/strict';
import * as client from 'openid-client';
import { example } from '../case.mjs';
import { ISSUER, lanyard } from '../demo.mjs';

const insecure = { execute: [client.allowInsecureRequests] };
const metadata = (grant) => ({ client_name: 'Guest app', redirect_uris: ['https://guest.example/cb'], grant_types: grant });

/** An initial access token of Riverside. */
function initialToken(...more) {
  return JSON.parse(lanyard('client', 'registration-token', 'create', '--organization', 'riverside', '--json', ...more)).registration_token;
}

/** What `lanyard token check` says. */
function check(token) {
  try {
    return JSON.parse(lanyard('token', 'check', '--json', token));
  } catch (refused) {
    return JSON.parse(refused.stdout);
  }
}

await example('nobody registers without a token, or with one that is used up', async () => {
  const register = (initialAccessToken) =>
    client.dynamicClientRegistration(new URL(ISSUER), metadata(['authorization_code']), undefined, { ...insecure, initialAccessToken });
  await assert.rejects(register(undefined));
  const once = initialToken();
  const made = (await register(once)).clientMetadata();
  assert.equal(made.client_name, 'Guest app');
  await assert.rejects(register(once));

  const own = { authorization: `Bearer ${made.registration_access_token}` };
  const shown = await (await fetch(made.registration_client_uri, { headers: own })).json();
  assert.deepEqual(shown.redirect_uris, ['https://guest.example/cb']);
  assert.equal((await fetch(made.registration_client_uri, { headers: own, method: 'DELETE' })).status, 204);
  assert.equal((await fetch(made.registration_client_uri, { headers: own })).status, 401);
});

await example('a service registers itself, and its tokens hold until they are revoked', async () => {
  const initialAccessToken = initialToken('--grant', 'client_credentials', '--scope', 'roles');
  const body = {
    client_name: 'Guest service',
    grant_types: ['client_credentials'],
    response_types: [],
    token_endpoint_auth_method: 'client_secret_post', // what openid-client uses where it is not told otherwise
  };
  const config = await client.dynamicClientRegistration(new URL(ISSUER), body, undefined, { ...insecure, initialAccessToken });
  const { access_token: token } = await client.clientCredentialsGrant(config, { scope: 'roles' });
  const held = check(token);
  assert.equal(held.verdict, 'accept');
  assert.equal(held.claims.client_id, config.clientMetadata().client_id);
  await client.tokenRevocation(config, token);
  assert.equal(check(token).reason, 'revoked');
  assert.equal(check(token.replace('.', '.e')).verdict, 'refuse');
});

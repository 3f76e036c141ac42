// An OpenID provider for the tests: `oidc-provider`, which the OpenID Foundation has certified, on loopback.
//
// It writes its issuer to standard output and stops when its standard input ends. POST /test changes its accounts,
// clients and keys, or what the next token says; GET /test tells what it was asked. The rest is the provider.
import { createServer } from "node:http";
import { decodeJwt, exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from "jose";
import Provider from "oidc-provider";

const state = {
  accounts: {},
  clients: [],
  tokenClaims: false, // whether claims stand in the token, or only in what `userinfo` answers
  forge: null, // {claims, alg, kid}: instead of the next token
};
const asked = {};
let keys = [await newKey()];
let issuer;
let current;

async function newKey() {
  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  const kid = `key-${Math.random().toString(36).slice(2)}`;
  return { ...(await exportJWK(privateKey)), kid, alg: "RS256", use: "sig", privateKey };
}

function build() {
  const provider = new Provider(issuer, {
    clients: state.clients,
    jwks: { keys: keys.map(({ privateKey: _, ...jwk }) => jwk) },
    cookies: { keys: ["tests"] },
    claims: {
      openid: ["sub"],
      email: ["email", "email_verified"],
      profile: ["name", "given_name", "family_name", "preferred_username"],
      groups: ["groups", "realm"],
    },
    conformIdTokenClaims: !state.tokenClaims,
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_, id) =>
      state.accounts[id] && { accountId: id, claims: () => ({ sub: id, ...state.accounts[id] }) },
    async loadExistingGrant({ oidc }) {
      const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
      grant.addOIDCScope("openid email profile groups");
      await grant.save();
      return grant;
    },
  });
  provider.use(async (context, next) => {
    asked[context.path] = (asked[context.path] ?? 0) + 1;
    await next();
    if (state.forge && context.body?.id_token) {
      context.body.id_token = await forged(context.body.id_token, state.forge);
      state.forge = null;
    }
  });
  current = provider;
}

async function forged(token, { claims, alg = "RS256", kid = keys[0].kid, stranger = false }) {
  const payload = { ...decodeJwt(token), ...claims };
  for (const [name, value] of Object.entries(payload)) if (value === null) delete payload[name];
  if (alg === "none") return new UnsecuredJWT(payload).encode();
  const key = stranger ? (await newKey()).privateKey : keys[0].privateKey;
  const secret = new TextEncoder().encode(state.clients[0].client_secret.padEnd(32, "."));
  return new SignJWT(payload).setProtectedHeader({ alg, kid }).sign(alg.startsWith("HS") ? secret : key);
}

async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function control(request, response) {
  if (request.method === "POST") {
    const { rotate, ...given } = JSON.parse(await bodyOf(request));
    Object.assign(state, given);
    if (rotate) keys = [await newKey()];
    build();
  }
  response.setHeader("content-type", "application/json").end(JSON.stringify(asked));
}

/** Who is there? Any account, without a password: proving it is the provider's business and not what is tested. */
async function interact(request, response) {
  if (request.method === "POST") {
    const form = new URLSearchParams(await bodyOf(request));
    const result = form.has("cancel")
      ? { error: "access_denied", error_description: "the person changed their mind" }
      : { login: { accountId: form.get("login") } };
    await current.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
    return;
  }
  await current.interactionDetails(request, response);
  response.setHeader("content-type", "text/html; charset=utf-8").end(
    `<!doctype html><html lang="en"><title>Example ID</title><h1>Example ID</h1><form method="post">
<label>Account <input name="login"></label><button>Continue</button><button name="cancel" value="1">Cancel</button></form>`,
  );
}

const server = createServer((request, response) => {
  const path = request.url.split("?")[0];
  if (path === "/favicon.ico") return response.writeHead(204).end();
  const handle = path === "/test" ? control : path.startsWith("/interaction/") ? interact : (...both) => current.callback()(...both);
  Promise.resolve(handle(request, response)).catch((error) => {
    console.error(error);
    if (!response.headersSent) response.writeHead(500);
    response.end(String(error));
  });
});
server.listen(0, "127.0.0.1", () => {
  issuer = `http://127.0.0.1:${server.address().port}`;
  build();
  console.log(issuer);
});
process.stdin.resume().on("end", () => process.exit(0));

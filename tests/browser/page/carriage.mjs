/**
 * Creates a session as a page of another site would: the viewer's token as Bearer, the lease into the cookie. Returns the
 * session's URLs with the handle cut out, so that nothing but the cookie can open them.
 */
export async function mintForCookie({ url, token, title, protocol, scheme, query }) {
  const answer = await fetch(url, {
    method: 'POST',
    credentials: 'include',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ title }),
  });
  if (answer.status !== 201) throw new Error(`the session was not created: ${answer.status} ${await answer.text()}`);
  const session = await answer.json();
  const manifest = session[protocol].find((link) => link.scheme === scheme);
  return { url: withoutHandle(manifest.url) + query, license: withoutHandle(session.license.clearkey) };
}

function withoutHandle(url) {
  const bare = url.replace(/\/~[^/]+/, '');
  if (bare === url) throw new Error(`${url} has no handle to cut out`);
  return bare;
}

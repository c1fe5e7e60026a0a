import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { FileList } from '@webxterm/contracts/rest';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { violations } from './support/axe.ts';
import { eventually, Rest } from './support/rest.ts';
import { TerminalPage } from './support/terminal-page.ts';
import { browser, ownMachine, rest, stack, useStackAndBrowser } from './support/use-stack.ts';

useStackAndBrowser();

const folder = mkdtempSync(join(tmpdir(), 'webxterm-files-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
let files = '';
beforeAll(() => {
  files = `/api/machines/${ownMachine.agent_id}/files`;
});
const pathOf = (name: string): string => encodeURIComponent(join(folder, name));

/** A request whose body is not JSON. */
const transfer = (path: string, init: RequestInit & { duplex?: 'half' } = {}, token = rest.token): Promise<Response> =>
  fetch(`${stack.url}${files}/content?path=${path}`, {
    ...init,
    headers: { ...init.headers, authorization: `Bearer ${token}` },
  });

interface Row {
  readonly action: string;
  readonly result: string;
  readonly details: Record<string, unknown>;
}

/** The rows of these actions that have succeeded, of each one, the last one first. */
const rowsOf = (...actions: string[]): Promise<Row[]> =>
  eventually(`the rows ${actions}`, async () => {
    const { body } = await rest.get<{ events: Row[] }>(`/api/audit?machine=${ownMachine.agent_id}&limit=20`);
    const found = body.events.filter(({ action, result }) => actions.includes(action) && result === 'ok');
    return found.length === actions.length ? found : undefined;
  });

it('a file of 20 MB goes up and comes down unchanged, and each transfer has an audit row', async () => {
  const bytes = randomBytes(20 * 1024 * 1024);
  const up = await transfer(pathOf('big'), { method: 'PUT', body: bytes });
  expect(up.status).toBe(200);
  expect(await up.json()).toMatchObject({ sha256: sha256(bytes), entry: { name: 'big', size: bytes.length } });
  expect(readdirSync(folder)).toEqual(['big']);
  const down = await transfer(pathOf('big'));
  expect(down.status).toBe(200);
  expect(sha256(await down.bytes())).toBe(sha256(bytes));
  expect(Object.fromEntries(down.headers)).toMatchObject({
    'content-disposition': `attachment; filename="big"; filename*=UTF-8''big`,
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
    'content-length': String(bytes.length),
    'content-type': 'application/octet-stream',
    'x-content-type-options': 'nosniff',
  });
  const rows = await rowsOf('file_uploaded', 'file_downloaded');
  const linux_user = userInfo().username;
  expect(rows.map(({ action, details }) => [action, details])).toEqual([
    [
      'file_downloaded',
      { path: join(folder, 'big'), direction: 'down', linux_user, bytes: bytes.length, sha256: sha256(bytes) },
    ],
    [
      'file_uploaded',
      { path: join(folder, 'big'), direction: 'up', linux_user, bytes: bytes.length, sha256: sha256(bytes) },
    ],
  ]);
});

it('answers ranges and conditions, and refuses what it cannot do by name', async () => {
  writeFileSync(join(folder, 'text'), 'hello world');
  const part = async (range: string, more = {}): Promise<[number, string, string | null]> => {
    const answer = await transfer(pathOf('text'), { headers: { range, ...more } });
    return [answer.status, await answer.text(), answer.headers.get('content-range')];
  };
  expect(await part('bytes=6-')).toEqual([206, 'world', 'bytes 6-10/11']);
  expect(await part('bytes=0-4', { 'if-range': '"other"' })).toEqual([200, 'hello world', null]);
  expect((await part('bytes=20-'))[2]).toBe('bytes */11');
  const head = await transfer(pathOf('text'), { method: 'HEAD' });
  const etag = head.headers.get('etag') ?? '';
  expect([head.status, head.headers.get('content-length')]).toEqual([200, '11']);
  const put = async (headers: Record<string, string>, body = 'changed'): Promise<[number, unknown]> => {
    const answer = await transfer(pathOf('text'), { method: 'PUT', headers, body });
    return [answer.status, ((await answer.json()) as { code?: string }).code];
  };
  expect(await put({ 'if-none-match': '*' })).toEqual([409, 'file_exists']);
  expect(await put({ 'if-match': etag })).toEqual([200, undefined]);
  expect(await put({ 'if-match': etag })).toEqual([412, 'file_changed']);
  expect(readFileSync(join(folder, 'text'), 'utf8')).toBe('changed');

  const asked = (path: string) => rest.get(`${files}?path=${encodeURIComponent(path)}`);
  const asNobody = await rest.get(`${files}?path=/&linux_user=nobody-here`);
  expect(asNobody).toMatchObject({ status: 403, body: { code: 'linux_user_refused' } });
  expect(await asked('/tmp/../etc')).toMatchObject({ status: 400, body: { code: 'invalid_input' } });
  expect(await asked(join(folder, 'none'))).toMatchObject({ status: 404, body: { code: 'file_not_found' } });
  const made = await rest.post(`${files}/folders`, { path: join(folder, 'new') });
  expect(made).toMatchObject({ status: 201, body: { entry: { type: 'folder' } } });
  const renamed = await rest.post(`${files}/rename`, { path: join(folder, 'text'), to: join(folder, 'new', 'text') });
  expect(renamed.status).toBe(200);
  expect((await rest.send('DELETE', `${files}?path=${pathOf('new')}&recursive=true`)).status).toBe(204);
  const listed = await rest.get<FileList>(`${files}?path=${encodeURIComponent(folder)}&limit=1`);
  expect(listed.body).toMatchObject({ path: folder, entries: [{ name: 'big' }], next_cursor: null, total: 1 });
});

it('copies, changes permissions, and sends a folder as a tar, with their audit rows', async () => {
  const at = (...names: string[]): string => join(folder, 'tree', ...names);
  mkdirSync(at('inner'), { recursive: true });
  writeFileSync(at('inner', 'text'), 'hello');
  const copied = await rest.post(`${files}/copy`, { path: at('inner'), to: at('copy') });
  expect(copied).toMatchObject({
    status: 201,
    body: { entry: { name: 'copy', type: 'folder' }, files: 1, bytes: 5, left_out: 0, reasons: [] },
  });
  const again = await rest.post(`${files}/copy`, { path: at('inner'), to: at('copy') });
  expect(again).toMatchObject({ status: 409, body: { code: 'file_exists' } });
  const changed = await rest.post(`${files}/mode`, { path: at('copy', 'text'), mode: '600' });
  expect(changed).toMatchObject({ status: 200, body: { entry: { mode: '0600' } } });
  const wrong = await rest.post(`${files}/mode`, { path: at('copy', 'text'), mode: '+x' });
  expect(wrong).toMatchObject({ status: 400, body: { code: 'invalid_input' } });
  const headers = { authorization: `Bearer ${rest.token}` };
  const archive = await fetch(`${stack.url}${files}/archive?path=${encodeURIComponent(at())}`, { headers });
  expect([archive.status, archive.headers.get('content-disposition')]).toEqual([
    200,
    `attachment; filename="tree.tar"; filename*=UTF-8''tree.tar`,
  ]);
  const tar = await archive.bytes();
  const unpacked = mkdtempSync(join(folder, 'unpacked-'));
  execFileSync('tar', ['-x', '-C', unpacked], { input: tar });
  execFileSync('diff', ['-r', at(), join(unpacked, 'tree')]);
  const rows = await rowsOf('file_copied', 'file_mode_changed', 'folder_downloaded');
  const linux_user = userInfo().username;
  expect(rows.map(({ action, details }) => [action, details])).toEqual([
    ['folder_downloaded', { path: at(), direction: 'down', linux_user, bytes: tar.length, sha256: sha256(tar) }],
    ['file_mode_changed', { path: at('copy', 'text'), mode: '600', linux_user }],
    ['file_copied', { path: at('inner'), to: at('copy'), linux_user, files: 1, bytes: 5, left_out: 0 }],
  ]);
  for (const left of [at(), unpacked]) rmSync(left, { recursive: true });
});

it('a token with the scope downloads, one without is refused, and its end ends a running transfer within a second', async () => {
  const newToken = async (scopes: string[]): Promise<{ id: string; token: string }> => {
    const { body } = await rest.post<{ access_token: { id: string }; token: string }>('/api/profile/tokens', {
      name: `files ${scopes}`,
      scopes,
    });
    return { id: body.access_token.id, token: body.token };
  };
  const [reads, sees] = [await newToken(['files_read']), await newToken(['see'])];
  expect((await transfer(pathOf('big'), {}, sees.token)).status).toBe(403);
  expect((await transfer(pathOf('new'), { method: 'PUT', body: 'x' }, reads.token)).status).toBe(403);
  const down = await transfer(pathOf('big'), {}, reads.token);
  const reader = down.body?.getReader();
  await reader?.read();
  await rest.send('DELETE', `/api/profile/tokens/${reads.id}`);
  const ended = performance.now();
  await expect(
    (async () => {
      for (;;) if ((await reader?.read())?.done !== false) return;
    })(),
  ).rejects.toThrow();
  expect(performance.now() - ended).toBeLessThan(1000);
});

it('an upload that breaks off leaves the old file and no other', async () => {
  writeFileSync(join(folder, 'kept'), 'old');
  const cut = new AbortController();
  const body = new ReadableStream({
    async pull(controller) {
      controller.enqueue(randomBytes(64 * 1024));
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (readdirSync(folder).some((name) => name.endsWith('.part'))) cut.abort();
    },
  });
  // fetch sends no Content-Length with a stream, which is refused.
  const refused = await transfer(pathOf('kept'), { method: 'PUT', body: new Blob(['x']).stream(), duplex: 'half' });
  expect(refused.status).toBe(411);
  const sent = new Promise<void>((resolve, reject) => {
    const { hostname, port } = new URL(stack.url);
    void import('node:http').then(({ request }) => {
      const upload = request(
        {
          hostname,
          port,
          method: 'PUT',
          path: `${files}/content?path=${pathOf('kept')}`,
          headers: { authorization: `Bearer ${rest.token}`, 'content-length': 50_000_000 },
          signal: cut.signal,
        },
        () => reject(new Error('it was answered')),
      );
      upload.on('error', () => resolve());
      void (async () => {
        for await (const chunk of body) if (!upload.destroyed) upload.write(chunk);
      })().catch(() => undefined);
    });
  });
  await sent;
  await eventually('no unfinished file', async () =>
    readdirSync(folder).some((name) => name.endsWith('.part')) ? undefined : true,
  );
  expect(readFileSync(join(folder, 'kept'), 'utf8')).toBe('old');
});

it('a file goes up and comes down on the page, and folders are made, renamed and deleted there', async () => {
  const view = await TerminalPage.open(browser);
  const { page } = view;
  await view.signIn(stack.url, stack.admin);
  await view.page.getByRole('link', { name: ownMachine.name, exact: true }).waitFor();
  await page.goto(`${stack.url}/machines/${ownMachine.agent_id}`);
  await page.getByRole('link', { name: 'Files', exact: true }).click();
  await page.getByRole('heading', { name: 'Files' }).waitFor();
  const inPage = join(folder, 'page');
  mkdirSync(inPage);
  await page.goto(`${stack.url}/machines/${ownMachine.agent_id}/files?path=${pathOf('page')}`);
  await page.getByText('This folder is empty').waitFor();
  const source = join(folder, 'source.bin');
  const bytes = randomBytes(20 * 1024 * 1024);
  writeFileSync(source, bytes);
  const choose = (): Promise<void> => page.locator('input[type=file]:not([webkitdirectory])').setInputFiles(source);
  await choose();
  await page.getByText('All uploads are done').waitFor();
  expect(sha256(readFileSync(join(inPage, 'source.bin')))).toBe(sha256(bytes));
  await page.getByRole('button', { name: 'Clear the list' }).click();
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download source.bin' }).click();
  expect(sha256(readFileSync(await (await download).path()))).toBe(sha256(bytes));

  writeFileSync(join(inPage, 'source.bin'), 'changed meanwhile');
  await choose();
  const question = page.getByRole('group', { name: 'Replace source.bin?' });
  await question.getByRole('button', { name: 'Keep it' }).click();
  await question.waitFor({ state: 'detached' });
  await choose();
  await question.getByRole('button', { name: 'Replace it' }).click();
  await page.getByText('All uploads are done').waitFor();
  expect(sha256(readFileSync(join(inPage, 'source.bin')))).toBe(sha256(bytes));

  await page.getByRole('button', { name: 'New folder' }).click();
  await page.getByRole('dialog').getByLabel('Name').fill('first');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Actions for first' }).click();
  await page.getByRole('menuitem', { name: 'Rename' }).click();
  await page.getByRole('dialog').getByLabel('Name').fill('second');
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'Open second' }).click();
  await page.getByText('This folder is empty').waitFor();
  await page.getByRole('navigation', { name: 'Folder' }).getByRole('link', { name: 'page' }).click();
  await page.getByRole('button', { name: 'Actions for second' }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  expect(await violations(page)).toEqual([]);
  await page.getByRole('button', { name: 'Delete the folder' }).click();
  await page.getByRole('link', { name: 'Open second' }).waitFor({ state: 'detached' });
  expect(readdirSync(inPage)).toEqual(['source.bin']);

  const tree = join(folder, 'site');
  mkdirSync(join(tree, 'css', 'deep'), { recursive: true });
  writeFileSync(join(tree, 'index.html'), '<p>');
  writeFileSync(join(tree, 'css', 'deep', 'a.css'), 'p {}');
  await page.locator('input[webkitdirectory]').setInputFiles(tree);
  await page.getByText('All uploads are done').waitFor();
  execFileSync('diff', ['-r', tree, join(inPage, 'site')]);
  const act = async (name: string, item: string): Promise<void> => {
    await page.getByRole('button', { name: `Actions for ${name}`, exact: true }).click();
    await page.getByRole('menuitem', { name: item }).click();
  };
  await act('site', 'Copy');
  await page.getByRole('dialog').getByLabel('New path').fill(join(inPage, 'site copy'));
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'Open site copy' }).waitFor();
  await act('site', 'Move');
  await page
    .getByRole('dialog')
    .getByLabel('New path')
    .fill(join(inPage, 'site copy', 'moved'));
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'Open site', exact: true }).waitFor({ state: 'detached' });
  execFileSync('diff', ['-r', tree, join(inPage, 'site copy', 'moved')]);
  await act('source.bin', 'Permissions');
  await page.getByRole('group', { name: 'Others' }).getByLabel('read').uncheck();
  expect(await violations(page)).toEqual([]);
  await page.getByRole('button', { name: 'Change' }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  expect(statSync(join(inPage, 'source.bin')).mode & 0o7).toBe(0);
  const archive = page.waitForEvent('download');
  await act('site copy', 'Download as .tar');
  expect((await archive).suggestedFilename()).toBe('site copy.tar');
  const listed = execFileSync('tar', ['-t', '-f', await (await archive).path()], { encoding: 'utf8' });
  expect(listed).toContain('site copy/moved/css/deep/a.css');
  expect(view.complaints).toEqual([]);
  await view.close();
});

it('a text file is edited on the page, and saved only over the version that was opened', async () => {
  const script = join(folder, 'start.sh');
  writeFileSync(script, '#!/bin/sh\r\necho one\r\n', { mode: 0o750 });
  writeFileSync(join(folder, 'latin1.txt'), Buffer.from('caf\xe9', 'latin1'));
  // One red pixel.
  const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC';
  writeFileSync(join(folder, 'pixel.txt'), Buffer.from(png, 'base64'));
  const view = await TerminalPage.open(browser);
  await view.signIn(stack.url, stack.admin);
  await view.page.getByRole('link', { name: ownMachine.name, exact: true }).waitFor();
  const { page } = view;
  const show = (name: string) =>
    page.goto(`${stack.url}/machines/${ownMachine.agent_id}/files/view?path=${pathOf(name)}`);
  await page.goto(`${stack.url}/machines/${ownMachine.agent_id}/files?path=${encodeURIComponent(folder)}`);
  await page.getByRole('link', { name: 'Open start.sh' }).click();
  const editor = page.getByRole('textbox', { name: 'Content of start.sh' });
  await editor.getByText('echo one').click();
  await page.keyboard.press('End');
  await page.keyboard.type(' two');
  await page.getByText('Not saved').waitFor();
  expect(await violations(page)).toEqual([]);
  await page.keyboard.press('Control+s');
  const dialog = page.getByRole('dialog');
  await dialog.getByText('echo one two').waitFor();
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Save the file' }).click();
  await page.getByText('Saved', { exact: true }).waitFor();
  expect(readFileSync(script, 'utf8')).toBe('#!/bin/sh\r\necho one two\r\n');
  expect(statSync(script).mode & 0o777).toBe(0o750);

  writeFileSync(script, '#!/bin/sh\r\necho of another\r\n');
  await editor.getByText('echo one two').click();
  await page.keyboard.press('End');
  await page.keyboard.type(' three');
  const save = async (): Promise<void> => {
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await dialog.getByRole('button', { name: 'Save the file' }).click();
  };
  await save();
  await page.getByText('The file was changed on the machine since you opened it').waitFor();
  expect(readFileSync(script, 'utf8')).toContain('of another');
  await page.getByRole('button', { name: 'Compare mine with it' }).click();
  await dialog.getByText('echo of another').waitFor();
  await dialog.getByRole('button', { name: 'Save the file' }).click();
  await page.getByText('Saved', { exact: true }).waitFor();
  expect(readFileSync(script, 'utf8')).toBe('#!/bin/sh\r\necho one two three\r\n');

  await show('latin1.txt');
  await page.getByText('It is no text in UTF-8').waitFor();
  await show('pixel.txt');
  await page.getByRole('img', { name: 'pixel.txt' }).waitFor();
  const colour = 'document.querySelector("canvas[role=img]").getContext("2d").getImageData(0, 0, 1, 1).data.join()';
  expect(await page.evaluate(colour)).toBe('255,0,0,255');
  // The refused save is no failure of the page.
  expect(view.complaints.filter((complaint) => !complaint.includes('412'))).toEqual([]);
  await view.close();
});

it('a file that is dropped on a terminal goes into the directory of its shell, and its path is typed', async () => {
  const target = join(folder, 'a target');
  mkdirSync(target);
  const view = await TerminalPage.open(browser);
  await view.signIn(stack.url, stack.admin);
  await view.openTerminal(ownMachine.name);
  const { page } = view;
  await view.run(`PS1='$ '; cd '${target}'; clear`);
  await view.until(/^\$\s*$/m);
  await eventually('the directory of the session', async () => {
    const { body } = await rest.get<{ sessions: { directory?: string }[] }>('/api/terminal/sessions');
    return body.sessions.some(({ directory }) => directory === target) ? true : undefined;
  });
  /** As a person drops a file, or only holds it over the terminal. */
  const drag = (content: string, ...events: readonly string[]): Promise<void> =>
    page.evaluate(`(() => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([${JSON.stringify(content)}], "it's new.txt"));
      for (const name of ${JSON.stringify(events)})
        document.querySelector('[data-testid="terminal"]')
          .dispatchEvent(new DragEvent(name, { dataTransfer, bubbles: true, cancelable: true }));
    })()`);
  await drag('first', 'dragenter', 'dragover');
  const frame = page.locator('[data-hint][data-dragging=true]');
  await frame.waitFor();
  await drag('first', 'drop');
  await frame.waitFor({ state: 'detached' });
  await view.until(/it'\\''s new\.txt'/);
  expect(readFileSync(join(target, "it's new.txt"), 'utf8')).toBe('first');
  await page.keyboard.press('Home');
  await view.type('cat ');
  await page.keyboard.press('Enter');
  await view.until(/^first/m);
  await drag('second', 'dragenter', 'dragover');
  await drag('second', 'drop');
  await page.getByRole('group', { name: "Replace it's new.txt?" }).getByRole('button', { name: 'Replace it' }).click();
  await page.getByRole('region', { name: 'Uploads' }).waitFor({ state: 'detached' });
  expect(readFileSync(join(target, "it's new.txt"), 'utf8')).toBe('second');
  expect(view.complaints).toEqual([]);
  await view.close();
});

it('hides the machine from a user without access', async () => {
  const other = new Rest(stack.url, (await rest.signup('other')).token);
  expect(await other.get(files)).toMatchObject({ status: 404, body: { code: 'machine_not_found' } });
});

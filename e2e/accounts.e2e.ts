import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MongoClient, ObjectId } from 'mongodb';
import { Secret, TOTP } from 'otpauth';
import type { BrowserContext, Page } from 'playwright-core';
import { afterEach, describe, expect, it } from 'vitest';
import { TestProvider } from '../services/auth/src/testing/test-provider.ts';
import { usualContext } from './support/browser.ts';
import { eventually, Rest } from './support/rest.ts';
import { browser, rest, stack, useStackAndBrowser } from './support/use-stack.ts';
import { type AgentRun, VsayAgent } from './support/vsay-agent.ts';

const contexts: BrowserContext[] = [];
const complaints: string[] = [];

useStackAndBrowser();
afterEach(async () => {
  await Promise.all(contexts.splice(0).map((context) => context.close()));
});

/** A browser of its own: what one person has is not another's. */
const newPage = async (): Promise<Page> => {
  const context = await browser.newContext({ ...usualContext, viewport: { width: 1200, height: 900 } });
  contexts.push(context);
  const page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (/Content Security Policy/i.test(message.text())) complaints.push(message.text());
  });
  return page;
};

const signIn = async (page: Page, account: { email: string; password: string }, url = stack.url): Promise<void> => {
  await page.goto(`${url}/login`);
  await page.getByLabel('E-mail').fill(account.email);
  await page.getByLabel('Password', { exact: true }).fill(account.password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('navigation', { name: 'Main' }).waitFor();
};

/** A picture of one colour, as a file that somebody picks. */
const picture = (page: Page): Promise<number[]> =>
  // As text: these are the browser's types, not Node's.
  page.evaluate<number[]>(`(async () => {
    const canvas = new OffscreenCanvas(900, 600);
    const paper = canvas.getContext('2d');
    paper.fillStyle = '#1a6c7d';
    paper.fillRect(0, 0, 900, 600);
    return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())];
  })()`);

/** Makes an account in the page of users. @returns the link that is shown once */
const addUser = async (admin: Page, username: string): Promise<string> => {
  await admin.goto(`${stack.url}/users`);
  await admin.getByRole('button', { name: 'Add a user' }).click();
  await admin.getByLabel('Username').fill(username);
  await admin.getByLabel('E-mail').fill(`${username}@example.com`);
  await admin.getByRole('button', { name: 'Create account' }).click();
  const link = await admin.getByTestId('made-link').innerText();
  await admin.getByRole('button', { name: 'Done' }).click();
  return link;
};

const choosePassword = async (page: Page, link: string, password: string): Promise<void> => {
  await page.goto(link);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByLabel('The same again').fill(password);
  await page.getByRole('button', { name: /Set up my account|Change my password/ }).click();
  await page.getByRole('navigation', { name: 'Main' }).waitFor();
};

/** Answers the password of the dialog of an authenticator app. @returns the code of the app, `steps` of 30 s from now */
const beginApp = async (page: Page, password: string): Promise<(steps: number) => string> => {
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Current password').fill(password);
  await dialog.getByRole('button', { name: 'Continue' }).click();
  await dialog.getByRole('img', { name: 'QR code for the authenticator app' }).waitFor();
  const secret = Secret.fromBase32(await dialog.getByTestId('totp-secret').innerText());
  return (steps) => new TOTP({ secret }).generate({ timestamp: Date.now() + steps * 30_000 });
};

/** @returns the recovery codes */
const confirmApp = async (page: Page, code: string): Promise<string[]> => {
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Code', { exact: true }).fill(code);
  await dialog.getByRole('button', { name: 'Turn on' }).click();
  const recovery = (await dialog.getByTestId('recovery-codes').innerText()).split(/\s+/);
  expect(recovery).toHaveLength(10);
  const done = dialog.getByRole('button', { name: 'Done' });
  expect(await done.isDisabled()).toBe(true);
  await dialog.getByLabel('I have stored them').check();
  await done.click();
  return recovery;
};

/** As ten minutes later. */
const forgetConfirmations = async (userId: string): Promise<void> => {
  const url = readFileSync(join(stack.dataDir, 'secrets', 'mongo-url-auth'), 'utf8').trim();
  const mongo = await new MongoClient(url).connect();
  const signins = mongo.db().collection('signins');
  await signins.updateMany({ user_id: new ObjectId(userId) }, { $set: { second_factor_at: null } });
  await mongo.close();
};

const choosePolicy = async (page: Page, requiredFor: string): Promise<void> => {
  await page.goto(`${stack.url}/users`);
  await page.getByRole('button', { name: 'Second factor policy' }).click();
  await page.getByLabel('Second factor required for').selectOption(requiredFor);
  await page.getByRole('button', { name: 'Save' }).click();
};

describe('accounts in a real browser', () => {
  it('an administrator makes an account, and its owner sets it up by the link, once', async () => {
    const admin = await newPage();
    await signIn(admin, stack.admin);
    const link = await addUser(admin, 'barbara');
    await admin.getByRole('row').filter({ hasText: 'barbara' }).getByText('Not set up yet', { exact: true }).waitFor();

    const page = await newPage();
    await page.goto(link);
    await page.getByText('Welcome, barbara').waitFor();
    expect(page.url()).toBe(`${stack.url}/setup`);
    await choosePassword(page, link, 'chosen by barbara');
    await page.getByText(/no machines yet/i).waitFor();

    const again = await newPage();
    await again.goto(link);
    await again.getByText('This link cannot be used').waitFor();
    const account = { email: 'barbara@example.com', password: 'chosen by barbara' };
    await signIn(await newPage(), account);
    // For somebody who is no administrator there are no users to see.
    await page.goto(`${stack.url}/users`);
    await page.getByText('Administrators only').waitFor();
  }, 120_000);

  it('a user changes name, address, picture, password and key, and ends the other sign-in', async () => {
    const account = { email: 'ada@example.com', password: 'yourpassword' };
    const { user, token: elsewhere } = await new Rest(stack.url).signup('ada');
    const page = await newPage();
    await signIn(page, account);
    await page.goto(`${stack.url}/profile`);

    const chosen = { name: 'me.png', mimeType: 'image/png', buffer: Buffer.from(await picture(page)) };
    await page.locator('input[type=file]').setInputFiles(chosen);
    await page.getByRole('button', { name: 'Remove it' }).waitFor();
    const shown = page.getByRole('region', { name: 'Account' }).locator('img');
    await eventually('the picture', async () =>
      (await shown.evaluate((image) => Reflect.get(image, 'naturalWidth'))) === 120 ? true : undefined,
    );

    await page.getByRole('button', { name: 'Change name or e-mail' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Username').fill('Ada Lovelace');
    await dialog.getByLabel('E-mail').fill('ada.lovelace@example.com');
    await dialog.getByLabel('Current password').fill('guessed');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByText(/not your current password/i).waitFor();
    await dialog.getByLabel('Current password').fill(account.password);
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByText('ada.lovelace@example.com').waitFor();
    await page.getByLabel('Account of Ada Lovelace').waitFor();

    const signins = page.getByRole('region', { name: 'Sign-ins' });
    await signins.getByText('This one').waitFor();
    await signins.getByRole('button', { name: /End the sign-in of node/ }).click();
    await eventually('the other sign-in is over', async () =>
      (await new Rest(stack.url, elsewhere).get('/api/profile')).status === 401 ? true : undefined,
    );

    await page.getByRole('button', { name: 'Replace the key' }).click();
    await page.getByRole('button', { name: 'Replace it' }).click();
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await page.getByRole('button', { name: 'Show API key' }).click();
    const key = await eventually('another key', async () => {
      const text = await page.getByTestId('api-key').innerText();
      return text === user.api_key ? undefined : text;
    });
    expect(key).toMatch(/^vsay_ak_[0-9A-Za-z]{32}$/);

    await page.getByLabel('Current password', { exact: true }).fill(account.password);
    await page.getByLabel('New password', { exact: true }).fill('another password');
    await page.getByLabel('New password again', { exact: true }).fill('another password');
    await page.getByRole('button', { name: 'Change password' }).click();
    await page.getByText('Your password is changed.').waitFor();
    await signIn(await newPage(), { email: 'ada.lovelace@example.com', password: 'another password' });
  }, 120_000);

  it('a user sets up an authenticator app, signs in with a code and a recovery code, and confirms sensitive actions', async () => {
    const account = { email: 'grace@example.com', password: 'yourpassword' };
    const { user } = await new Rest(stack.url).signup('grace');
    const page = await newPage();
    await signIn(page, account);
    await page.goto(`${stack.url}/profile`);
    await page.getByRole('button', { name: 'Set up an authenticator app' }).click();
    const dialog = page.getByRole('dialog');
    const code = await beginApp(page, account.password);
    await dialog.getByLabel('Code', { exact: true }).fill('12345');
    await dialog.getByRole('button', { name: 'Turn on' }).click();
    await dialog.getByText('Is wrong, or was used already').waitFor();
    const recovery = await confirmApp(page, code(0));
    await page.getByText('10 are left').waitFor();

    const elsewhere = await newPage();
    await elsewhere.goto(`${stack.url}/login`);
    const first = async (): Promise<void> => {
      await elsewhere.getByLabel('E-mail').fill(account.email);
      await elsewhere.getByLabel('Password', { exact: true }).fill(account.password);
      await elsewhere.getByRole('button', { name: 'Sign in', exact: true }).click();
      await elsewhere.getByText('One more step').waitFor();
    };
    await first();
    await elsewhere.getByLabel('Code').fill('000000');
    await elsewhere.getByRole('button', { name: 'Confirm' }).click();
    await elsewhere.getByText('The code is wrong, or was used already.').waitFor();
    await elsewhere.getByRole('button', { name: 'Start again' }).click();
    await first();
    await elsewhere.getByLabel('Code').fill(code(1));
    await elsewhere.getByRole('button', { name: 'Confirm' }).click();
    await elsewhere.getByRole('navigation', { name: 'Main' }).waitFor();

    // Ten minutes later.
    await forgetConfirmations(user.id);
    await elsewhere.goto(`${stack.url}/profile`);
    await elsewhere.getByRole('button', { name: 'New codes' }).click();
    await elsewhere.getByRole('button', { name: 'Create new codes' }).click();
    await elsewhere.getByText('Confirm that it is you').waitFor();
    await elsewhere.getByLabel('Code', { exact: true }).fill(recovery[0] ?? '');
    await elsewhere.getByRole('button', { name: 'Confirm', exact: true }).click();
    const renewed = (await elsewhere.getByTestId('recovery-codes').innerText()).split(/\s+/);
    expect(renewed.filter((each) => recovery.includes(each))).toEqual([]);

    const admin = await newPage();
    await signIn(admin, stack.admin);
    await admin.goto(`${stack.url}/users?search=grace`);
    await admin.getByLabel('Actions for grace').click();
    await admin.getByRole('menuitem', { name: 'Remove the second factor' }).click();
    await admin.getByRole('button', { name: 'Remove it' }).click();
    await admin.getByRole('dialog').waitFor({ state: 'hidden' });
    const again = await newPage();
    await signIn(again, account);
    await again.goto(`${stack.url}/profile`);
    await again.getByRole('status').getByText('Your second factor was removed').waitFor();
    await again.getByRole('button', { name: 'Dismiss' }).click();
    await again.reload();
    await again.getByRole('button', { name: 'Set up an authenticator app' }).waitFor();
    expect(await again.getByText('Your second factor was removed').count()).toBe(0);
  }, 180_000);

  it('a user adds a passkey, signs in with it alone and after the password, and confirms with it', async () => {
    const account = { email: 'hedy@example.com', password: 'yourpassword' };
    const { user } = await new Rest(stack.url).signup('hedy');
    const page = await newPage();
    const there = stack.url.replace('127.0.0.1', 'localhost');
    const devtools = await page.context().newCDPSession(page);
    await devtools.send('WebAuthn.enable');
    const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        ...{ protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true },
        ...{ isUserVerified: true, automaticPresenceSimulation: true },
      },
    });
    await signIn(page, account);
    await page.goto(`${stack.url}/profile`);
    await page.getByText('Passkeys belong to localhost.').waitFor();
    await signIn(page, account, there);
    await page.goto(`${there}/profile`);
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Current password').fill(account.password);
    await dialog.getByLabel('Name').fill('Test laptop');
    await dialog.getByRole('button', { name: 'Continue' }).click();
    await dialog.getByLabel('I have stored them').check();
    await dialog.getByRole('button', { name: 'Done' }).click();
    await page.getByText('Test laptop').waitFor();

    const signOut = async (): Promise<void> => {
      await page.getByLabel('Account of hedy').click();
      await page.getByRole('menuitem', { name: 'Sign out' }).click();
    };
    await signOut();
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await page.getByRole('navigation', { name: 'Main' }).waitFor();
    await signOut();
    await page.getByLabel('E-mail').fill(account.email);
    await page.getByLabel('Password', { exact: true }).fill(account.password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('button', { name: 'Use a passkey' }).click();
    await page.getByRole('navigation', { name: 'Main' }).waitFor();

    await forgetConfirmations(user.id);
    await page.goto(`${there}/profile`);
    await page.getByRole('button', { name: 'Rename Test laptop' }).click();
    await page.getByRole('dialog').getByLabel('Name').fill('Old laptop');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Confirm that it is you').waitFor();
    await page.getByRole('button', { name: 'Use a passkey' }).click();
    await page.getByText('Old laptop').waitFor();

    // An authenticator that does not verify its user is no sign-in alone.
    await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false });
    await signOut();
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await page.getByText('No passkey was used').waitFor();
  }, 120_000);

  it('a user signs up and in through a provider, and another one links and unlinks it in the profile', async () => {
    const provider = await TestProvider.start(`${stack.url}/sign-in/test`, stack.providerPort);
    try {
      provider.person = { sub: 'mary', email: 'mary@example.com', username: 'mary' };
      const page = await newPage();
      await page.goto(`${stack.url}/profile`);
      await page.getByRole('button', { name: 'Continue with Test provider' }).click();
      // The page that was asked for.
      await page.getByRole('region', { name: 'Sign-in providers' }).getByText('mary@example.com').waitFor();
      expect(page.url()).toBe(`${stack.url}/profile`);
      await page.getByRole('button', { name: 'Set a password' }).waitFor();
      await page.reload();
      await page.getByLabel('Account of mary').waitFor();
      // The address of the return is useless in another browser.
      const elsewhere = await newPage();
      await elsewhere.goto(`${stack.url}/sign-in/test?code=a&state=b`);
      await elsewhere.getByText('It was begun in another browser or tab').waitFor();

      const account = { email: 'kate@example.com', password: 'yourpassword' };
      await new Rest(stack.url).signup('kate');
      const linking = await newPage();
      await signIn(linking, account);
      await linking.goto(`${stack.url}/profile`);
      provider.person = { sub: 'kate at work', email: 'kate@work.example' };
      await linking.getByRole('button', { name: 'Link Test provider' }).click();
      await linking.getByRole('dialog').getByLabel('Current password').fill(account.password);
      await linking.getByRole('button', { name: 'Continue' }).click();
      const card = linking.getByRole('region', { name: 'Sign-in providers' });
      await card.getByText('kate@work.example').waitFor();
      await card.getByRole('button', { name: 'Unlink Test provider' }).click();
      await linking.getByRole('button', { name: 'Unlink it' }).click();
      await card.getByText('No sign-in is linked.').waitFor();
      const outside = await newPage();
      await outside.goto(`${stack.url}/login`);
      await outside.getByRole('button', { name: 'Continue with Test provider' }).click();
      await outside.getByText('No account here is linked with this sign-in.').waitFor();
    } finally {
      await provider.stop();
    }
  }, 120_000);

  it('a user of whom a second factor is required sets one up before anything else', async () => {
    const account = { email: 'chief@example.com', password: 'yourpassword' };
    const { user } = await new Rest(stack.url).signup('chief');
    expect((await rest.send('PATCH', `/api/users/${user.id}`, { role: 'admin' })).status).toBe(200);
    const chief = await newPage();
    await signIn(chief, account);
    await choosePolicy(chief, 'admins');
    await chief.getByRole('heading', { name: 'Set up a second factor' }).waitFor();
    await chief.goto(`${stack.url}/audit`);
    await chief.getByRole('heading', { name: 'Set up a second factor' }).waitFor();
    await chief.getByRole('button', { name: 'Set up an authenticator app' }).click();
    const code = await beginApp(chief, account.password);
    await confirmApp(chief, code(0));
    await chief.getByRole('heading', { name: 'Audit log' }).waitFor();
    await choosePolicy(chief, 'off');
    await chief.getByRole('dialog').waitFor({ state: 'hidden' });
    await eventually('administrators may do everything again', async () =>
      (await rest.get('/api/users')).status === 200 ? true : undefined,
    );
  }, 120_000);

  it('a user who forgot the password gets a link for a new one', async () => {
    await new Rest(stack.url).signup('forgetful');
    const admin = await newPage();
    await signIn(admin, stack.admin);
    // A cursor that is none of this list gives way to the first page.
    await admin.goto(`${stack.url}/users?search=forgetful&cursor=none`);
    await admin.waitForURL((url) => !url.searchParams.has('cursor'));
    await admin.getByLabel('Actions for forgetful').click();
    await admin.getByRole('menuitem', { name: 'Password reset link' }).click();
    await admin.getByRole('button', { name: 'Create link' }).click();
    const link = await admin.getByTestId('made-link').innerText();
    await choosePassword(await newPage(), link, 'a new password');
    await signIn(await newPage(), { email: 'forgetful@example.com', password: 'a new password' });
  }, 120_000);

  it('a user who owns a machine is deleted, and the machine belongs to its new owner', async () => {
    const owner = await new Rest(stack.url).signup('owner');
    const agent = new VsayAgent();
    let run: AgentRun | undefined;
    try {
      const { api_key: key } = owner.user;
      const options = ['--token', key, '--host', stack.url, '--name', 'build-1'];
      expect((await agent.finish('configure', ...options)).code).toBe(0);
      run = agent.run('start');
      const mine = new Rest(stack.url, owner.token);
      await eventually('the machine', async () =>
        (await mine.machines()).find((machine) => machine.status === 'online'),
      );
      const admin = await newPage();
      await signIn(admin, stack.admin);
      await admin.goto(`${stack.url}/users?search=owner`);
      await admin.getByLabel('Actions for owner').click();
      await admin.getByRole('menuitem', { name: 'Delete' }).click();
      await admin.getByText('They own a machine: build-1').waitFor();
      const remove = admin.getByRole('button', { name: 'Delete user' });
      expect(await remove.isDisabled()).toBe(true);
      await admin.getByLabel('Hand them over to another user').check();
      await admin.getByRole('combobox', { name: 'New owner' }).fill('admin');
      await admin.getByRole('option', { name: 'admin' }).click();
      await remove.click();
      await admin.getByText('Nobody found').waitFor();
      const { token, user } = await new Rest(stack.url).login(stack.admin);
      await eventually('the machine is the administrator’s, and online', async () =>
        (await new Rest(stack.url, token).machines()).find(
          (machine) => machine.name === 'build-1' && machine.owner_id === user.id && machine.status === 'online',
        ),
      );
      expect((await mine.get('/api/profile')).status).toBe(401);
    } finally {
      await run?.stop();
    }
  }, 120_000);

  it('a list that is read page by page omits no user while others are removed, and keeps its page over a reload', async () => {
    const page = await newPage();
    await signIn(page, stack.admin);
    const { token } = await new Rest(stack.url).login(stack.admin);
    const rest = new Rest(stack.url, token);
    const name = (number: number): string => `paged-${number}`;
    const numbers = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, at) => from + at);
    const ids: string[] = [];
    for (const number of numbers(1, 51)) {
      const account = { username: name(number), email: `${name(number)}@example.com`, role: 'user' };
      const { status, body } = await rest.post<{ user: { id: string } }>('/api/users', account);
      expect([number, status]).toEqual([number, 201]);
      ids.push(body.user.id);
    }
    const shows = async (place: number, from: number, to: number): Promise<void> => {
      await page.getByRole('navigation', { name: 'Pages' }).getByText(`Page ${place}`, { exact: true }).waitFor();
      await eventually(`${name(from)} to ${name(to)} on page ${place}`, async () => {
        const text = await page.getByRole('table').innerText();
        const shown = (text.match(/paged-\d+(?!\d*@)/g) ?? []).join();
        return shown === numbers(from, to).map(name).join() ? true : undefined;
      });
    };
    const press = (button: string): Promise<void> => page.getByRole('button', { name: button }).click();
    await page.goto(`${stack.url}/users?search=paged-`);
    await shows(1, 1, 25);
    for (const id of ids.slice(0, 10)) await rest.send('DELETE', `/api/users/${id}`);
    await press('Next page');
    await shows(2, 26, 50);
    await page.reload();
    await shows(2, 26, 50);
    await press('Previous page');
    await shows(1, 11, 35);
    await page.goBack();
    await shows(2, 26, 50);
    await press('Next page');
    await shows(3, 51, 51);
    expect(await page.getByRole('button', { name: 'Next page' }).getAttribute('aria-disabled')).toBe('true');
    // The last row of the last page: the page before is shown, and no page before that.
    await page.getByLabel(`Actions for ${name(51)}`).click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
    await press('Delete user');
    await shows(2, 26, 50);
    await page.reload();
    await shows(2, 26, 50);
    // A link that somebody was sent: the pages before it are not known there.
    const elsewhere = await newPage();
    await signIn(elsewhere, stack.admin);
    await elsewhere.goto(page.url());
    await elsewhere.getByText(name(50), { exact: true }).waitFor();
    await elsewhere.getByRole('button', { name: 'First page' }).click();
    await elsewhere.getByText(name(11), { exact: true }).waitFor();
  }, 120_000);

  it('a user deletes the own account, after the page has shown what is deleted with it', async () => {
    await new Rest(stack.url).signup('leaver');
    const page = await newPage();
    const account = { email: 'leaver@example.com', password: 'yourpassword' };
    await signIn(page, account);
    await page.goto(`${stack.url}/profile`);
    await page.getByRole('button', { name: 'Delete my account' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText(/cannot be undone/).waitFor();
    await dialog.getByLabel('Current password').fill(account.password);
    await dialog.getByRole('button', { name: 'Delete my account' }).click();
    await page.getByText('Welcome back').waitFor();
    const answer = await new Rest(stack.url).post('/api/login', account);
    expect([answer.status, answer.body.code]).toEqual([401, 'wrong_credentials']);
  }, 120_000);

  it('no page raised an error or ran into the content security policy', () => {
    expect(complaints).toEqual([]);
  });
});

import { Paper, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { Wordmark } from '../brand/mark.tsx';
import classes from './account-page.module.css';

/** The frame of sign-in and sign-up: the form, and on wide screens a description of the product in the style of a prompt. */
export const AccountPage = ({ title, text, children }: { title: string; text: string; children: ReactNode }) => (
  <div className={classes.page}>
    <aside className={classes.story} aria-hidden="true">
      <div className={classes.window}>
        <div className={classes.bar}>
          <i />
          <i />
          <i />
        </div>
        <pre className={classes.screen}>
          <span className={classes.quiet}># one small agent on each machine, dialling out</span>
          {'\n'}
          <b>$</b> vsay-agent start
          {'\n'}
          <span className={classes.good}>✓</span> connected, nothing listens here
          {'\n\n'}
          <span className={classes.quiet}># and a shell, wherever you are</span>
          {'\n'}
          <b>build-03:~$</b> make deploy
          {'\n'}
          <span className={classes.warm}>… lid closed, train, tunnel, hotel wifi …</span>
          {'\n'}
          <span className={classes.good}>✓</span> deployed. The same shell went on.
          {'\n'}
          <b>build-03:~$</b> <span className={classes.cursor} />
        </pre>
      </div>
      <p className={classes.line}>Your machines, one tab away.</p>
    </aside>
    <main className={classes.main}>
      <Stack w="100%" maw={400} gap="xl">
        <Wordmark size={36} />
        <Paper className={classes.card} component="section">
          <Stack gap="lg">
            <div>
              <Title order={1} size="h2">
                {title}
              </Title>
              <Text c="dimmed" mt={4}>
                {text}
              </Text>
            </div>
            {children}
          </Stack>
        </Paper>
      </Stack>
    </main>
  </div>
);

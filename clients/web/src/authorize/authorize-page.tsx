import { Alert, Button, Code, Group, List, NumberInput, Skeleton, Stack, Text, TextInput, Title } from '@mantine/core';
import { IconPlugConnected, IconShieldCheck } from '@tabler/icons-react';
import { getRouteApi } from '@tanstack/react-router';
import { defaultTokenDays, type ProgramLogin } from '@webxterm/contracts/rest';
import { TokenScope } from '@webxterm/contracts/token-scopes';
import { type FormEvent, useState } from 'react';
import { usePageTitle } from '../brand/page-title.ts';
import { EmptyState } from '../layout/empty-state.tsx';
import { Failure } from '../layout/failure.tsx';
import { scopeText } from '../profile/token-scopes.ts';
import { useAnswer, useProgramLogin } from './program-login-queries.ts';

const route = getRouteApi('/signed-in/authorize');

/** `/authorize`: lets a program on a device have an access token, after the user has typed its code or the program has opened the page. */
export const AuthorizePage = () => {
  usePageTitle('Allow a program');
  const { request } = route.useSearch();
  const [typed, setTyped] = useState<string>();
  const id = request ?? typed;
  const login = useProgramLogin(id);
  const [answer, setAnswer] = useState<'agreed' | 'refused'>();
  return (
    <main style={{ width: '100%', maxWidth: 560, margin: '0 auto', padding: '3rem 1rem' }}>
      {answer !== undefined ? (
        <EmptyState
          isPage
          icon={<IconPlugConnected size={28} stroke={1.6} />}
          title={answer === 'agreed' ? 'The program is signed in' : 'You refused'}
          text="You can close this page."
        />
      ) : login.data !== undefined && id !== undefined ? (
        <Question id={id} login={login.data} onAnswer={setAnswer} />
      ) : request !== undefined ? (
        <RequestState error={login.error} onRetry={() => void login.refetch()} />
      ) : (
        <CodeForm pending={login.isFetching} error={login.error} onCode={setTyped} />
      )}
    </main>
  );
};

/** Instead of the question, until the request of the program is there. */
const RequestState = ({ error, onRetry }: { error: Error | null; onRetry: () => void }) =>
  error === null ? (
    <Skeleton height={220} radius="md" role="status" aria-busy="true" aria-label="Loading" />
  ) : (
    <Failure title="The request of the program could not be loaded" error={error} onRetry={onRetry} />
  );

interface CodeFormProps {
  readonly pending: boolean;
  readonly error: Error | null;
  readonly onCode: (code: string) => void;
}

const CodeForm = ({ pending, error, onCode }: CodeFormProps) => {
  const [code, setCode] = useState('');
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    onCode(code.trim().toUpperCase());
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <Title order={1} size="h3">
          Allow a program
        </Title>
        <Text size="sm">Type the code that vsay shows. Type no code that somebody sent you.</Text>
        <TextInput
          label="Code"
          placeholder="BCDF-GHJK"
          required
          withAsterisk={false}
          data-autofocus
          autoComplete="off"
          spellCheck={false}
          maxLength={16}
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
        />
        {error !== null && <Failure title="The program was not found" error={error} />}
        <Group>
          <Button type="submit" loading={pending}>
            Find the program
          </Button>
        </Group>
      </Stack>
    </form>
  );
};

interface QuestionProps {
  readonly id: string;
  readonly login: ProgramLogin;
  readonly onAnswer: (answer: 'agreed' | 'refused') => void;
}

const textOf = (scope: string): string => {
  const known = TokenScope.safeParse(scope);
  return known.success ? scopeText[known.data] : scope;
};

const Question = ({ id, login, onAnswer }: QuestionProps) => {
  const answer = useAnswer(id);
  const [days, setDays] = useState<number | string>(Math.min(defaultTokenDays, login.max_days));
  const send = (agreed: number | undefined): void =>
    answer.mutate(agreed, {
      onSuccess: ({ redirect_to }) => {
        if (redirect_to === null) onAnswer(agreed === undefined ? 'refused' : 'agreed');
        else window.location.assign(redirect_to);
      },
    });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    send(Number(days));
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <Title order={1} size="h3">
          Allow vsay on {login.host}?
        </Title>
        <Text size="sm">
          The command line <Code>vsay</Code> asks for an access token from the address <Code>{login.address}</Code>. It
          names its device <Code>{login.host}</Code>. With the token it can:
        </Text>
        <List size="sm" icon={<IconShieldCheck size={16} stroke={1.8} aria-hidden />}>
          {login.scopes.map((scope) => (
            <List.Item key={scope}>{textOf(scope)}</List.Item>
          ))}
        </List>
        {login.typed && (
          <Alert color="yellow" variant="light">
            Allow it only if you have started it yourself on that device. Nobody who helps you needs this code.
          </Alert>
        )}
        <NumberInput
          label="Valid for, in days"
          description="The Profile page lists the token, and revokes it."
          min={1}
          max={login.max_days}
          allowDecimal={false}
          value={days}
          onChange={setDays}
        />
        {answer.isError && <Failure title="The program was not allowed" error={answer.error} />}
        <Group>
          <Button type="submit" loading={answer.isPending}>
            Allow vsay
          </Button>
          <Button variant="default" disabled={answer.isPending} onClick={() => send(undefined)}>
            Refuse
          </Button>
        </Group>
      </Stack>
    </form>
  );
};

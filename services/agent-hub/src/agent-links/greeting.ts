import { randomBytes } from 'node:crypto';
import type { AgentMessage, Hello, Welcome } from '@webxterm/contracts/grpc';
import { splitHostAndPort } from '@webxterm/contracts/host-and-port';
import type { Logger } from '@webxterm/shared';
import { channelBinding } from '../grpc-server/channel-binding.ts';
import { readCapabilities } from './agent-claims.ts';
import { verifyHello } from './hello-signature.ts';
import { type ControlStream, deadAfterMs, Link, type LinkIdentity, pingIntervalMs } from './link.ts';
import { sealLinkPass } from './link-pass.ts';
import type { LinkTable } from './link-table.ts';
import { redialSpreadMs } from './redial-spread.ts';
import { LinkRefusal, retryLater, toRefusal } from './refusal.ts';
import type { Registered, Registrar } from './registrar.ts';

/** The versions of the agent protocol that this hub supports. */
const protocol = { min: 1, max: 1 };
/** Time limit for the hello of an agent. */
const helloWithinMs = 5000;
const statsIntervalMs = 5000;

export interface GreeterOptions {
  readonly hubId: string;
  readonly registrar: Registrar;
  readonly table: LinkTable;
  readonly linkKey: Buffer;
  /** The kinds of session that this hub knows. */
  readonly kinds: ReadonlyMap<string, unknown>;
  readonly logger: Logger;
  readonly now: () => number;
  /** How many machines of the installation are linked, as far as this hub knows. */
  readonly linkedMachines: () => number;
  /** Checks whether another hub holds this machine. @throws LinkRefusal displaced */
  readonly checkOtherHubs: (dial: LinkIdentity) => void;
  /** Removes the machine of an agent that is being uninstalled. @throws LinkRefusal while another process with its key may be connected */
  readonly leave: (identity: LinkIdentity) => Promise<void>;
}

export interface Greeted {
  readonly link: Link;
  readonly registered: Registered;
  readonly hello: Hello;
}

/** Runs the handshake of a dial: challenge, hello, welcome. */
export class Greeter {
  readonly #options: GreeterOptions;
  #ending = false;

  constructor(options: GreeterOptions) {
    this.#options = options;
  }

  /** @returns the link, its registration and its hello; undefined if the dial ended (refused, or register only) */
  async greet(stream: ControlStream): Promise<Greeted | undefined> {
    if (this.#ending) {
      refuse(stream, retryLater('This server is shutting down.', 5000));
      return undefined;
    }
    try {
      return await this.#greet(stream);
    } catch (error) {
      const refusal = toRefusal(error);
      this.#options.logger.info(
        { code: refusal.code, peer: stream.getPeer(), ...(error === refusal ? {} : { err: error }) },
        'agent refused',
      );
      refuse(stream, refusal);
      return undefined;
    }
  }

  /** From now on every dial is refused, so that the agent tries another hub. */
  end(): void {
    this.#ending = true;
  }

  async #greet(stream: ControlStream): Promise<Greeted | undefined> {
    const { hubId, registrar, table, checkOtherHubs, kinds } = this.#options;
    const nonce = randomBytes(32);
    const challenge = { nonce, hubId, protocolMin: protocol.min, protocolMax: protocol.max };
    stream.write({ message: { $case: 'challenge', value: challenge } });
    const hello = await firstHello(stream);
    if (hello === undefined) return undefined;
    checkHello(hello, nonce, channelBinding(stream.getPeer()));
    const registered = await registrar.register(hello, splitHostAndPort(stream.getPeer()).host);
    if (hello.leaving) {
      await this.#options.leave(registered.identity);
      throw new LinkRefusal('machine_revoked', true, { message: 'This machine is removed from the list.' });
    }
    const capabilities = readCapabilities(hello.capabilities, kinds);
    if (hello.registerOnly) {
      if (registrar.isOver(registered.identity)) throw new LinkRefusal('bad_credential', true);
      stream.write({
        message: { $case: 'welcome', value: this.#welcome(registered, hello, { linkId: '', capabilities }) },
      });
      stream.end();
      return undefined;
    }
    checkOtherHubs(registered.identity);
    const link = new Link(stream, registered.identity, capabilities);
    await table.claim(link);
    if (registrar.isOver(registered.identity)) {
      link.refuse(new LinkRefusal('bad_credential', true));
      return undefined;
    }
    link.send({ $case: 'welcome', value: this.#welcome(registered, hello, { linkId: link.id, capabilities }) });
    return { link, registered, hello };
  }

  #welcome(
    { identity, machineCredential }: Registered,
    hello: Hello,
    { linkId, capabilities }: { linkId: string; capabilities: readonly string[] },
  ): Welcome {
    const { linkedMachines, linkKey, now } = this.#options;
    const pass = {
      agent_id: identity.agentId,
      owner_id: identity.ownerId,
      owner_username: identity.ownerUsername,
      machine_name: identity.machineName,
      key_id: identity.keyId,
      public_key: hello.publicKey.toString('base64url'),
    };
    return {
      agentId: identity.agentId,
      linkId,
      machineCredential: machineCredential ?? '',
      linkPass: sealLinkPass(linkKey, pass, now()),
      protocol: protocol.max,
      pingIntervalMs,
      deadAfterMs,
      statsIntervalMs,
      ownerUsername: identity.ownerUsername,
      machineName: identity.machineName,
      capabilities: [...capabilities],
      redialSpreadMs: redialSpreadMs(linkedMachines()),
    };
  }
}

const refuse = (stream: ControlStream, refusal: LinkRefusal): void => {
  if (stream.cancelled || stream.writableEnded) return;
  stream.write({ message: { $case: 'refused', value: refusal.toMessage() } });
  stream.end();
};

/** The first message, which must be a hello. Undefined if the stream ended before it. */
const firstHello = (stream: ControlStream): Promise<Hello | undefined> =>
  new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      stream.off('data', onMessage).off('end', onGone).off('cancelled', onGone);
      act();
    };
    const onMessage = ({ message }: AgentMessage): void => {
      stream.pause();
      settle(() => {
        if (message?.$case === 'hello') resolve(message.value);
        else reject(new LinkRefusal('bad_request', true, { message: 'The first message must be a hello.' }));
      });
    };
    const onGone = (): void => settle(() => resolve(undefined));
    const timer = setTimeout(
      () =>
        settle(() => reject(new LinkRefusal('bad_request', false, { message: 'No hello was received within 5 s.' }))),
      helloWithinMs,
    );
    stream.on('data', onMessage).on('end', onGone).on('cancelled', onGone);
  });

const checkHello = (hello: Hello, nonce: Buffer, binding: Buffer): void => {
  if (hello.protocolMin > protocol.max || hello.protocolMax < protocol.min)
    throw new LinkRefusal('protocol_unsupported', true);
  if (hello.instanceId.length !== 16 || hello.generation === 0n)
    throw new LinkRefusal('bad_request', true, { message: 'The hello needs an instance id and a generation above 0.' });
  // A different channel binding means that the hello was signed for another connection (a relay attack). Plain loopback has no binding.
  const proof = { nonce, channelBinding: binding, instanceId: hello.instanceId, generation: hello.generation };
  if (!hello.channelBinding.equals(binding) || !verifyHello(hello.publicKey, hello.signature, proof))
    throw new LinkRefusal('bad_signature', true);
};

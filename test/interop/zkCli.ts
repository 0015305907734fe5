/**
 * Drives a zkCli.sh, Apache's or ours, the way a person does: type a line, read what it prints.
 *
 * Its texts come from the Java client and are the same for any server; what they contain is the server's.
 */
import { Program } from './process.js';

const START_LIMIT_MS = 30_000;
const REPLY_LIMIT_MS = 15_000;

/** A short-lived JVM: skip the optimising compiler and the parallel collector. */
export const SMALL_JVM = ['-Xmx128m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];

/** The stat block, as scripts match it. */
export const STAT_BLOCK =
  /cZxid = 0x\w+\nctime = .+\nmZxid = 0x\w+\nmtime = .+\npZxid = 0x\w+\ncversion = -?\d+\ndataVersion = -?\d+\naclVersion = -?\d+\nephemeralOwner = 0x\w+\ndataLength = \d+\nnumChildren = \d+\n/;

export function zkCliEnvironment(properties: Readonly<Record<string, string>> = {}): Record<string, string> {
  const flags = Object.entries(properties).map(([name, value]) => `-D${name}=${value}`);
  return { CLIENT_JVMFLAGS: [...SMALL_JVM, ...flags].join(' ') };
}

export class ZkCli implements AsyncDisposable {
  readonly program: Program;

  private constructor(program: Program) {
    this.program = program;
  }

  /** @param command the script: Apache's or ours */
  static async connect(command: string, connectString: string, ...args: readonly string[]): Promise<ZkCli> {
    return ZkCli.connectWith(command, connectString, args, {});
  }

  /** Connects with system properties of the client's own, such as its JAAS file. */
  static async connectWith(
    command: string,
    connectString: string,
    args: readonly string[],
    properties: Readonly<Record<string, string>>,
  ): Promise<ZkCli> {
    const program = Program.start(command, ['-server', connectString, ...args], {
      env: zkCliEnvironment(properties),
    });
    try {
      await program.expect(/WatchedEvent state:SyncConnected type:None/, START_LIMIT_MS);
    } catch (error) {
      await program[Symbol.asyncDispose]();
      throw error;
    }
    return new ZkCli(program);
  }

  /** Types a line and waits for the reply. */
  async type(line: string, reply: RegExp): Promise<RegExpExecArray> {
    this.program.write(`${line}\n`);
    return this.see(reply, line);
  }

  /** Waits for something printed without being asked: a watch event. */
  async see(pattern: RegExp, line = ''): Promise<RegExpExecArray> {
    try {
      return await this.program.expect(pattern, REPLY_LIMIT_MS);
    } catch (error) {
      throw new Error(`zkCli> ${line}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
  }

  /** Types a list of lines, each with what must follow it. */
  async converse(conversation: readonly (readonly [string, RegExp])[]): Promise<void> {
    for (const [line, reply] of conversation) await this.type(line, reply);
  }

  /** Closes the session and waits for the end of the program, whose exit code is that of its last command. */
  async quit(): Promise<void> {
    this.program.write('quit\n');
    await this.program.wait(REPLY_LIMIT_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]();
  }
}

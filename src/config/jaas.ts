/**
 * Why this file exists: SASL users of existing installations stand in a JAAS file, the format of Java's login modules.
 *
 *   Server {
 *     org.apache.zookeeper.server.auth.DigestLoginModule required
 *       user_super="secret"
 *       user_bob="another";
 *   };
 *
 * Messages name sections, options and lines, never a value: values are passwords.
 */
import { ConfigError } from './errors.js';

/** One login module of a section with its options. */
export interface JaasModule {
  /** The Java class of the module. */
  readonly className: string;
  readonly options: ReadonlyMap<string, string>;
  readonly line: number;
}

/** The sections of a JAAS file by name. */
export type JaasFile = ReadonlyMap<string, readonly JaasModule[]>;

const FLAGS = ['required', 'requisite', 'sufficient', 'optional'];

/**
 * Reads a JAAS file.
 * @param property looks up the system properties that values refer to as `${name}`
 */
export function parseJaas(
  text: string,
  fileName = 'the JAAS file',
  property: (name: string) => string | undefined = () => undefined,
): JaasFile {
  const tokens = new Tokens(text, fileName, property);
  const sections = new Map<string, readonly JaasModule[]>();
  for (let name = tokens.peek(); name !== undefined; name = tokens.peek()) {
    const section = tokens.word('the name of a section');
    if (sections.has(section)) throw tokens.error(`the section ${section} appears twice`);
    tokens.expect('{');
    const modules: JaasModule[] = [];
    while (tokens.peek() !== '}') modules.push(readModule(tokens));
    tokens.expect('}');
    tokens.expect(';');
    sections.set(section, modules);
  }
  return sections;
}

/** The DIGEST-MD5 users of a section: its options `user_<name>`. */
export function digestUsers(modules: readonly JaasModule[]): Map<string, string> {
  const users = new Map<string, string>();
  for (const { className, options } of modules) {
    if (!className.endsWith('DigestLoginModule')) continue;
    for (const [name, value] of options) {
      if (name.startsWith('user_')) users.set(name.slice('user_'.length), value);
    }
  }
  return users;
}

function readModule(tokens: Tokens): JaasModule {
  const line = tokens.line;
  const className = tokens.word('the class of a login module');
  const flag = tokens.word(`one of ${FLAGS.join(', ')}`);
  if (!FLAGS.includes(flag.toLowerCase())) {
    throw tokens.error(`expected one of ${FLAGS.join(', ')} after ${className}`);
  }
  const options = new Map<string, string>();
  while (tokens.peek() !== ';') {
    const name = tokens.word('an option or ;');
    tokens.expect('=');
    options.set(name, tokens.value(name));
  }
  tokens.expect(';');
  return { className, options, line };
}

interface Token {
  readonly text: string;
  readonly kind: 'word' | 'quoted' | 'mark' | 'unclosed';
  readonly line: number;
}

/** The words, quoted values and punctuation of the file, without comments. */
class Tokens {
  private readonly tokens: Token[] = [];
  private next = 0;

  constructor(
    text: string,
    private readonly fileName: string,
    private readonly property: (name: string) => string | undefined,
  ) {
    // In this order: space, comments, quoted values, punctuation, a quote that is never closed, words.
    const lexer =
      /(\s+|\/\/.*|\/\*[^]*?\*\/)|"((?:\\.|[^"\\\n\r])*)"|'((?:\\.|[^'\\\n\r])*)'|([{};=])|(["'])|((?:(?!\/[/*])[^\s{};="'])+)/g;
    let line = 1;
    for (const match of text.matchAll(lexer)) {
      const [whole, skipped, double, single, mark, unclosed, word] = match;
      const quoted = double ?? single;
      if (quoted !== undefined) this.tokens.push({ text: unescape(quoted), kind: 'quoted', line });
      else if (mark !== undefined) this.tokens.push({ text: mark, kind: 'mark', line });
      else if (unclosed !== undefined) this.tokens.push({ text: unclosed, kind: 'unclosed', line });
      else if (word !== undefined) this.tokens.push({ text: word, kind: 'word', line });
      else if (skipped !== undefined) line += whole.split(/\r\n|\r|\n/).length - 1;
      if (unclosed !== undefined) break;
    }
  }

  /** The line of the next token, or of the last one at the end. */
  get line(): number {
    return (this.tokens[this.next] ?? this.tokens.at(-1))?.line ?? 1;
  }

  /** The next token if it is punctuation or a word; a quoted value is not looked into. */
  peek(): string | undefined {
    const token = this.tokens[this.next];
    return token === undefined ? undefined : token.kind === 'quoted' ? '' : token.text;
  }

  word(what: string): string {
    const token = this.tokens[this.next];
    if (token?.kind !== 'word') throw this.unexpected(what);
    this.next++;
    return token.text;
  }

  value(option: string): string {
    const token = this.tokens[this.next];
    if (token?.kind !== 'word' && token?.kind !== 'quoted') throw this.unexpected(`the value of ${option}`);
    this.next++;
    return token.text.replace(/\$\{([^}]*)\}/g, (_, name: string) => {
      const value = this.property(name);
      if (value === undefined) {
        throw this.error(`the value of ${option} refers to the system property ${name}, which is not set`);
      }
      return value;
    });
  }

  expect(mark: '{' | '}' | ';' | '='): void {
    const token = this.tokens[this.next];
    if (token?.kind !== 'mark' || token.text !== mark) throw this.unexpected(mark);
    this.next++;
  }

  error(reason: string): ConfigError {
    return new ConfigError('SYNTAX', `In ${this.fileName}, line ${this.line}, ${reason}.`);
  }

  private unexpected(what: string): ConfigError {
    const token = this.tokens[this.next];
    if (token?.kind === 'unclosed') return this.error('a quoted value is not closed on its line');
    return this.error(
      token === undefined ? `the file ends where ${what} is expected` : `${what} is expected`,
    );
  }
}

const CONTROL = new Map([
  ['n', '\n'],
  ['t', '\t'],
  ['r', '\r'],
]);

function unescape(quoted: string): string {
  return quoted.replace(/\\(.)/g, (_, escaped: string) => CONTROL.get(escaped) ?? escaped);
}

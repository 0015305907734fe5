/** The generator for peer.proto writes what it understands and refuses the rest by name. */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { generate } from '../../../scripts/proto/generate.js';

function schema(body: string): string {
  return `syntax = "proto3"; package p; ${body}`;
}

describe('The generator for peer.proto', () => {
  it('writes what is committed', () => {
    expect(readFileSync('src/net/generated/peer.ts', 'utf8')).to.equal(
      generate(readFileSync('src/net/peer.proto', 'utf8')),
    );
  });

  it('makes absent and zero two things for optional fields only', () => {
    const text = generate(schema('message M { optional uint32 a = 1; uint32 b = 2; }'));
    expect(text).to.include('readonly a: number | undefined;').and.to.include('readonly b: number;');
  });

  it('makes a message that is one oneof a union on its kind', () => {
    const text = generate(schema('message M { oneof kind { A a = 1; B b = 2; } } message A {} message B {}'));
    expect(text).to.include("| { readonly kind: 'a'; readonly value: A }");
  });

  it('makes 64 bits a bigint', () => {
    expect(generate(schema('message M { repeated sfixed64 a = 1; }'))).to.include(
      'readonly a: readonly bigint[];',
    );
  });

  const refused: [what: string, body: string, says: RegExp][] = [
    ['a varint of 64 bits', 'message M { uint64 a = 1; }', /M\.a: uint64 is not supported/],
    ['a double', 'message M { double a = 1; }', /M\.a: double is not supported/],
    ['a map', 'message M { map<string, string> a = 1; }', /M\.a: .* is not supported/],
    ['bytes whose absence cannot be told', 'message M { bytes a = 1; }', /M\.a: bytes must be optional/],
    ['repeated small numbers', 'message M { repeated uint32 a = 1; }', /M\.a: repeated uint32/],
    ['a oneof beside fields', 'message M { A b = 2; oneof k { A a = 1; } } message A {}', /nothing but that/],
    ['a service', 'service S {}', /only messages and enums/],
  ];
  for (const [what, body, says] of refused) {
    it(`refuses ${what}`, () => {
      expect(() => generate(schema(body))).to.throw(says);
    });
  }
});

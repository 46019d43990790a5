import { describe, expect, it } from 'vitest';
import { isCurrent, match, parseAddress, safePath } from '../../static/src/router.ts';

describe('a pattern', () => {
  it('fits a path of as many segments and gives its parameters', () => {
    expect(match('/cases/:id/opinion', '/cases/7f3/opinion')).toEqual({ id: '7f3' });
    expect(match('/', '/')).toEqual({});
    expect(match('/settings', '/settings/')).toEqual({});
  });

  it.each([
    ['/cases/:id', '/cases'],
    ['/cases/:id', '/cases/'],
    ['/cases/:id', '/cases/7/opinion'],
    ['/new', '/cases'],
    ['/cases/:id', '/cases/%E0%A4%A'],
  ])('%s does not fit %s', (pattern, path) => {
    expect(match(pattern, path)).toBeNull();
  });

  it('decodes what the address encodes', () => {
    expect(match('/people/:name', '/people/Dr%20Favre')).toEqual({ name: 'Dr Favre' });
  });
});

describe('an address', () => {
  it('keeps query and fragment apart from the path', () => {
    const { path, query, hash } = parseAddress('/join/?a=1#token=x&root=y');
    expect([path, query.get('a'), hash]).toEqual(['/join', '1', 'token=x&root=y']);
  });

  it('is current only for its own page', () => {
    expect(isCurrent('/settings', '/settings')).toBe(true);
    expect(isCurrent('/', '/settings')).toBe(false);
  });
});

describe('where to go after signing in', () => {
  it.each(['/cases/7', '/admin/trace?action=case:read'])('may be %s', (path) => {
    expect(safePath(path)).toBe(path);
  });

  it.each(['//evil.example', 'https://evil.example', '/\\evil.example', '', null, undefined])(
    'is home instead of %s',
    (path) => {
      expect(safePath(path)).toBe('/');
    },
  );
});

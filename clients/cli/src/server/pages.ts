/** The pages of a list, one after the other. `page`: asks for the first one, or for the one at a cursor. */
export const pagesOf = async function* <Page extends { readonly next_cursor: string | null }>(
  page: (at: { readonly cursor?: string }) => Promise<Page>,
): AsyncGenerator<Page> {
  let found = await page({});
  yield found;
  while (found.next_cursor !== null) {
    found = await page({ cursor: found.next_cursor });
    yield found;
  }
};

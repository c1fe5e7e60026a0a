/** The parsed text. Undefined if it is not JSON, since no JSON text parses to undefined. The caller checks the shape with a schema. */
export const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** Whether arrays and objects in this value of JSON are nested at most this deep. It takes no stack, as `JSON.stringify` does. */
export const isNestedWithin = (value: unknown, levels: number): boolean => {
  let inLevel: unknown[] = [value];
  for (let level = 0; level <= levels; level += 1) {
    const nested = inLevel.filter((one) => typeof one === 'object' && one !== null);
    if (nested.length === 0) return true;
    inLevel = nested.flatMap((one) => Object.values(one));
  }
  return false;
};

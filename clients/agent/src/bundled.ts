/** True in the packaged agent, whose modules are bundled JavaScript; false where Node runs the sources. */
export const bundled = !import.meta.filename.endsWith('.ts');

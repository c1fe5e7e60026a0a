/** A name of an environment variable of a command. Names that begin with VSAY_ are those of the agent. */
export const variableName = /^(?!VSAY_)[A-Za-z_][A-Za-z0-9_]*$/;

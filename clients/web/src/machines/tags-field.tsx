import { TagsInput } from '@mantine/core';

interface TagsFieldProps {
  readonly description: string;
  readonly value: string[];
  readonly onChange: (tags: string[]) => void;
}

/** The field for the tags of a machine. */
export const TagsField = (props: TagsFieldProps) => <TagsInput label="Tags" maxTags={32} {...props} />;

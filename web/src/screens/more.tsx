import { t } from "../i18n/index.ts";

interface Props {
  list: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown };
}

/** Loads the next page of a list, if there is one. */
export const More = ({ list }: Props) =>
  list.hasNextPage ? (
    <p className="more">
      <button
        type="button"
        className="button"
        disabled={list.isFetchingNextPage}
        onClick={() => void list.fetchNextPage()}
      >
        {t("screens.more")}
      </button>
    </p>
  ) : null;

import { type RefObject, useEffect, useState } from "react";

/** How far from what is in sight something may be to be loaded. */
const DISTANCE = "800px";

/** True from when an element first comes close to what is in sight. */
export function useIsNear(element: RefObject<HTMLElement | null>, isNearAtFirst = false): boolean {
  const [isNear, setNear] = useState(isNearAtFirst);
  useEffect(() => {
    if (isNear || !element.current) return;
    const watcher = new IntersectionObserver(
      (entries) => entries.some(({ isIntersecting }) => isIntersecting) && setNear(true),
      { rootMargin: DISTANCE },
    );
    watcher.observe(element.current);
    return () => watcher.disconnect();
  }, [isNear, element]);
  return isNear;
}

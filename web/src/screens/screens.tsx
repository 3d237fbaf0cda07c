import { Route, Switch } from "wouter";
import { NotFound } from "./not-found.tsx";

/** The screens that are not lists of conversations. They are loaded on first use. */
export default function Screens() {
  return (
    <main className="screen">
      <Switch>
        <Route>
          <NotFound />
        </Route>
      </Switch>
    </main>
  );
}

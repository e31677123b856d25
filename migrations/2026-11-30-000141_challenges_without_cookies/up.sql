-- Must the browser show itself in which the sign-in began? A program that keeps no cookies cannot; it holds the token.
ALTER TABLE sign_in_challenges ADD COLUMN needs_device boolean NOT NULL DEFAULT true;

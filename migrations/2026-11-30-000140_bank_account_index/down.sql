DROP INDEX accounts_bank_account_idx;

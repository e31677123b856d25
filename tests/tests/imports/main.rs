//! Files that come in.

mod crm_sales;
mod killed;
mod proposals;
mod rows;
mod worker;

-- Names in English beside those that everybody sees otherwise, as stages have them.
ALTER TABLE roles ADD COLUMN name_en text, ADD COLUMN description_en text;
ALTER TABLE pipelines ADD COLUMN name_en text;
ALTER TABLE saved_views ADD COLUMN name_en text;
ALTER TABLE departments ADD COLUMN name_en text;
ALTER TABLE positions ADD COLUMN name_en text;

-- What companies have from their beginning, where nobody has renamed it.
UPDATE roles r SET name_en = p.name_en, description_en = CASE WHEN r.description = p.about THEN p.about_en END
FROM (VALUES
  ('管理员', 'Administrator', '全部数据与系统设置', 'All data and settings'),
  ('销售总监', 'Sales director', '全公司的客户与商机', 'Accounts and opportunities of the whole company'),
  ('销售经理', 'Sales manager', '本部门及下级部门的客户与商机', 'Accounts and opportunities of the department and those below it'),
  ('销售', 'Sales representative', '自己负责的客户与商机', 'Accounts and opportunities of one''s own'),
  ('客服', 'Customer service', '查看全部客户，记录服务与任务', 'Sees all accounts, records service and tasks'),
  ('市场', 'Marketing', '查看全部客户与线索，管理自己的线索', 'Sees all accounts and leads, works on leads of one''s own'),
  ('财务', 'Finance', '查看与导出全部客户与商机', 'Sees and exports all accounts and opportunities'),
  ('只读', 'Read only', '查看与导出', 'Sees and exports')
) AS p (name, name_en, about, about_en) WHERE r.name = p.name;
UPDATE pipelines SET name_en = 'Standard sales' WHERE name = '标准销售流程';

-- The same of the demonstration.
UPDATE saved_views v SET name_en = p.name_en FROM tenants t, (VALUES
  ('重点客户', 'Key accounts'), ('30 天未跟进', 'No follow-up for 30 days'), ('进行中的商机', 'Open opportunities'),
  ('本季度赢单', 'Won this quarter'), ('待处理线索', 'Leads to work on'), ('未完成任务', 'Open tasks')
) AS p (name, name_en) WHERE t.key = 'demo' AND v.tenant_id = t.id AND v.name = p.name;
UPDATE departments d SET name_en = p.name_en FROM tenants t, (VALUES
  ('总经办', 'General management'), ('销售中心', 'Sales'), ('华东销售部', 'Sales East China'),
  ('华南及海外销售部', 'Sales South China and overseas'), ('市场部', 'Marketing'), ('客户服务部', 'Customer service')
) AS p (name, name_en) WHERE t.key = 'demo' AND d.tenant_id = t.id AND d.name = p.name;
UPDATE positions d SET name_en = p.name_en FROM tenants t, (VALUES
  ('总经理', 'General manager'), ('财务经理', 'Finance manager'), ('销售总监', 'Sales director'),
  ('销售运营', 'Sales operations'), ('区域销售经理', 'Regional sales manager'), ('大客户经理', 'Key account manager'),
  ('客户经理', 'Account manager'), ('海外客户经理', 'Overseas account manager'), ('市场经理', 'Marketing manager'),
  ('市场专员', 'Marketing specialist'), ('客服经理', 'Customer service manager'), ('实施顾问', 'Implementation consultant'),
  ('客服专员', 'Customer service agent'), ('系统管理员', 'System administrator')
) AS p (name, name_en) WHERE t.key = 'demo' AND d.tenant_id = t.id AND d.name = p.name;
